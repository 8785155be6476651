// Another password, and the end of an account.

import {
  PASSWORD,
  changePassword,
  eraseEnded,
  heading,
  openSecurity,
  press,
  reload,
  signIn,
  signUp,
  trySignIn,
  unlock,
  told,
} from '../support/account';
import { expect, test } from '../support/test';

const NEW = 'a brand new password';

test('a device that is online has to enter the changed password, and the old one signs nobody in', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two' });
  await changePassword(first, PASSWORD, NEW);
  await expect(heading(second, 'Enter your new password')).toBeVisible();
  await expect(second.conversations).toHaveCount(0);
  const field = second.page.getByLabel('New password', { exact: true });
  await field.fill(PASSWORD);
  await press(second, 'Continue');
  await expect(told(second)).toHaveText('The name or the password is wrong.');
  await field.fill(NEW);
  await press(second, 'Continue');
  await second.expectMainView();

  // From now on the new one opens what is here, and the old one does not.
  for (const browser of [first, second]) {
    await browser.page.reload();
    await unlock(browser, PASSWORD);
    await expect(browser.page.getByRole('alert')).toContainText('Wrong password');
    await unlock(browser, NEW);
    await browser.expectMainView();
  }
  const third = await visitor();
  await trySignIn(third, 'alice', { password: PASSWORD });
  await expect(told(third)).toHaveText('The name or the password is wrong.');
  await signIn(third, 'alice', { password: NEW });
});

test('a device that was away opens with the old password, and then wants the new one', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice');
  const second = await visitor();
  await signIn(second, 'alice');
  await second.leave();
  await changePassword(first, PASSWORD, NEW);
  const back = await second.comeBack();
  await unlock(back, PASSWORD);
  await expect(heading(back, 'Enter your new password')).toBeVisible();
  await back.page.getByLabel('New password', { exact: true }).fill(NEW);
  await press(back, 'Continue');
  await back.expectMainView();
  await reload(back, NEW);
});

test('changing the password takes the current one, and can sign out all other devices', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice');
  const second = await visitor();
  await signIn(second, 'alice', { stay: true });
  const dialog = await openSecurity(first, 'Change password');
  await dialog.getByLabel('Current password', { exact: true }).fill('not the right one');
  await dialog.getByLabel('New password', { exact: true }).fill(NEW);
  await dialog.getByRole('button', { name: 'Change password' }).click();
  const current = dialog.getByLabel('Current password', { exact: true });
  await expect(current).toHaveAccessibleDescription('The name or the password is wrong.');
  await current.fill(PASSWORD);
  await dialog.getByLabel('New password', { exact: true }).fill('short');
  await dialog.getByRole('button', { name: 'Change password' }).click();
  const next = dialog.getByLabel('New password', { exact: true });
  await expect(next).toHaveAccessibleDescription(/at least 10 characters; this one has 5/);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await first.page.keyboard.press('Escape');
  await first.page.keyboard.press('Escape');
  await expect(first.page.getByRole('dialog')).toHaveCount(0);

  await changePassword(first, PASSWORD, NEW, { revokeOthers: true });
  await expect(heading(second, 'This device was signed out')).toBeVisible();
  await reload(first, NEW);
});

test('a deleted account is gone: its name is free, its devices are told, nothing signs in', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice');
  const second = await visitor();
  await signIn(second, 'alice', { stay: true });
  const bob = await visitor();
  await signUp(bob, 'bob');
  await expect(bob.listed('alice')).toBeVisible();

  const dialog = await openSecurity(first, 'Delete account');
  const name = dialog.getByRole('textbox', { name: 'User name' });
  await name.fill('bob');
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(name).toHaveAccessibleDescription(/not your user name/);
  await name.fill('alice');
  await dialog.getByLabel('Password', { exact: true }).fill('not the right one');
  await dialog.getByRole('button', { name: 'Delete for ever' }).click();
  await expect(dialog.getByText('The name or the password is wrong.')).toBeVisible();
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await Promise.all([
    expect(bob.notices).toContainText('alice has left.', { timeout: 60_000 }),
    dialog.getByRole('button', { name: 'Delete for ever' }).click(),
  ]);
  await expect(heading(first, 'Welcome to Sotto')).toBeVisible();

  await expect(heading(second, 'Your account was deleted')).toBeVisible();
  await eraseEnded(second);
  await expect(bob.listed('alice')).toHaveCount(0);
  await trySignIn(second, 'alice');
  await expect(told(second)).toHaveText('The name or the password is wrong.');
  await signUp(first, 'alice', { displayName: 'Another Alice' });
  await expect(bob.listed('Another Alice')).toBeVisible();
});

test('an operator disables an account: its devices are cut off and say why, and come back', async ({
  visitor,
  gateway,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { stay: true });
  await gateway.operate('user', 'disable', 'alice');
  await expect(heading(alice, 'Your account is disabled')).toBeVisible();
  await press(alice, 'Read what is here');
  await expect(alice.conversations).toBeVisible();
  await gateway.operate('user', 'enable', 'alice');
  await alice.page.reload();
  await alice.expectMainView();
});
