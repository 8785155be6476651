import {
  PASSWORD,
  confirmCode,
  eraseEnded,
  fillRecovery,
  heading,
  openSecurity,
  press,
  recover,
  reload,
  shownCode,
  signIn,
  signUp,
  textbox,
  trySignIn,
  visitSignIn,
  told,
} from '../support/account';
import { expect, test } from '../support/test';

const NEW = 'a brand new password';

test('the recovery code sets a new password, signs in, and is used up', async ({ visitor }) => {
  const lost = await visitor();
  const code = await signUp(lost, 'alice', { device: 'Old browser' });
  const browser = await visitor();
  // Written by hand: case and dashes do not matter.
  const typed = code.toLowerCase().replaceAll('-', ' ');
  const next = await recover(browser, 'alice', typed, { password: NEW });
  expect(next).not.toBe(code);
  await reload(browser, NEW);
  // The devices stay, and want the new password.
  await expect(heading(lost, 'Enter your new password')).toBeVisible();

  const third = await visitor();
  await trySignIn(third, 'alice', { password: PASSWORD });
  await expect(told(third)).toHaveText('The name or the password is wrong.');
  await visitSignIn(third);
  await press(third, 'Forgot password?');
  await fillRecovery(third, 'alice', code, { password: 'yet another password' });
  await press(third, 'Set new password');
  await expect(textbox(third, 'Recovery code')).toHaveAccessibleDescription(
    /The name or the recovery code is wrong/,
  );
  await signIn(third, 'alice', { password: NEW });
});

test('recovering can sign out all other devices', async ({ visitor }) => {
  const stolen = await visitor();
  const code = await signUp(stolen, 'alice', { stay: true });
  const browser = await visitor();
  await recover(browser, 'alice', code, { password: NEW, revokeOthers: true });
  await expect(heading(stolen, 'This device was signed out')).toBeVisible();
  await stolen.page.reload();
  await expect(heading(stolen, 'This device was signed out')).toBeVisible();
  await eraseEnded(stolen);
});

test('a mistyped recovery code is told by its group, before it is sent', async ({
  visitor,
  middleman,
}) => {
  const alice = await visitor();
  const code = await signUp(alice, 'alice');
  const browser = await visitor({ address: middleman.url });
  await visitSignIn(browser);
  await press(browser, 'Forgot password?');
  const groups = code.split('-');
  const third = groups[2] ?? '';
  groups[2] = (third.startsWith('7') ? '8' : '7') + third.slice(1);
  await fillRecovery(browser, 'alice', groups.join('-'), { password: NEW });
  await press(browser, 'Set new password');
  const field = textbox(browser, 'Recovery code');
  await expect(field).toHaveAccessibleDescription(/Group 3 of the recovery code is mistyped/);
  await expect(field).toBeFocused();
  expect(middleman.passed.filter(({ code: sent }) => sent === 3012)).toEqual([]);
  await field.fill(code);
  await press(browser, 'Set new password');
  await confirmCode(browser, await shownCode(browser));
  await browser.expectMainView();
});

test('a new recovery code takes the place of the old one at once', async ({ visitor }) => {
  const alice = await visitor();
  const old = await signUp(alice, 'alice');
  const dialog = await openSecurity(alice, 'New recovery code');
  await dialog.getByLabel('Password', { exact: true }).fill('not the right one');
  await dialog.getByRole('button', { name: 'Make a new code' }).click();
  await expect(dialog.getByText('The name or the password is wrong.')).toBeVisible();
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Make a new code' }).click();
  const code = await shownCode(alice);
  expect(code).not.toBe(old);
  await confirmCode(alice, code);
  await alice.expectMainView();

  const browser = await visitor();
  await visitSignIn(browser);
  await press(browser, 'Forgot password?');
  await fillRecovery(browser, 'alice', old, { password: NEW });
  await press(browser, 'Set new password');
  await expect(textbox(browser, 'Recovery code')).toHaveAccessibleDescription(/wrong/);
  await recover(browser, 'alice', code, { password: NEW });
});
