import {
  PASSWORD,
  closeDialogs,
  device,
  fillSignIn,
  openSetting,
  press,
  signIn,
  signUp,
  told,
  trySignIn,
  visitSignIn,
} from '../support/account';
import { expect, test } from '../support/test';

test('a second browser signs in with the password, and the first one is told of the new device', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two' });
  const strip = first.page.getByRole('alert').filter({ hasText: 'A new device' });
  await expect(strip).toContainText('“Browser two”, was added to your account');
  await press(first, 'Look at devices');
  await expect(first.dialog('Devices')).toBeVisible();
  await expect(strip).toHaveCount(0);
  await expect(device(first, 'Browser one')).toContainText('This device');
  await expect(device(first, 'Browser two')).toContainText('Online');
  await closeDialogs(first);
  await openSetting(second, 'Devices');
  await expect(device(second, 'Browser two')).toContainText('This device');
  await expect(device(second, 'Browser one')).toBeVisible();
  await expect(second.page.getByText('This device is not yours.')).toHaveCount(0);
});

test('a capital or an @ in the name does not keep anybody out', async ({ visitor }) => {
  const first = await visitor();
  await signUp(first, 'alice');
  const second = await visitor();
  await signIn(second, ' @Alice');
});

test('an unknown name is told in the same words as a wrong password', async ({ visitor }) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  const stranger = await visitor();
  const said: string[] = [];
  for (const name of ['alice', 'nobody']) {
    await trySignIn(stranger, name, { password: 'not the right one' });
    await expect(told(stranger)).toHaveText('The name or the password is wrong.');
    // Once, where it belongs.
    await expect(stranger.notices.getByText('The name or the password')).toHaveCount(0);
    said.push(await stranger.page.locator('form').innerText());
  }
  expect(said[0]).toBe(said[1]);
});

test('the sixth try is locked out and told how long, while the known device goes on', async ({
  visitor,
}) => {
  const known = await visitor();
  await signUp(known, 'alice', { stay: true });
  const bob = await visitor();
  await signUp(bob, 'bob');
  const stranger = await visitor();
  await visitSignIn(stranger);
  const button = stranger.page.getByRole('button', { name: /^Sign in/ });
  for (let tried = 1; tried <= 5; tried += 1) {
    await fillSignIn(stranger, 'alice', { password: `not the right one ${tried}` });
    await button.click();
    await expect(told(stranger)).toHaveText('The name or the password is wrong.');
  }
  // Not even the right password opens now, wherever it is typed.
  await fillSignIn(stranger, 'alice');
  await button.click();
  await expect(told(stranger)).toHaveText(/Too many failed attempts. Try again in 1[45] minutes/);
  await expect(button).toBeDisabled();
  await expect(button).toHaveText(/in 1[45]:\d\d/);
  const elsewhere = await visitor();
  await trySignIn(elsewhere, 'alice');
  await expect(told(elsewhere)).toHaveText(/Too many failed attempts/);

  await known.page.reload();
  await known.expectMainView();
  await openSetting(known, 'Devices');
  await expect(known.page.getByRole('list', { name: 'Your devices' })).toContainText('This device');
  // Nor is anybody else concerned.
  await signIn(elsewhere, 'bob');
});

test('signing in without a server says so, changes nothing, and works once it is back', async ({
  visitor,
  gateway,
}) => {
  const first = await visitor();
  await signUp(first, 'alice');
  const second = await visitor();
  await visitSignIn(second);
  await fillSignIn(second, 'alice');
  await gateway.stop();
  await press(second, 'Sign in');
  await expect(told(second)).toHaveText(/There is no connection to the gateway. Nothing was changed/);
  await expect(second.page.getByLabel('Password', { exact: true })).toHaveValue(PASSWORD);
  await gateway.restart();
  await expect(async () => {
    await press(second, 'Sign in');
    await expect(second.conversations).toBeVisible();
  }).toPass();
});
