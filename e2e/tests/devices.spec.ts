import { generateKeyPairSync } from 'node:crypto';
import {
  closeDialogs,
  device,
  eraseEnded,
  heading,
  openSecurity,
  openSetting,
  reload,
  revoke,
  signIn,
  signUp,
} from '../support/account';
import { recordsOf } from '../support/stored';
import { change } from '../support/proto';
import { expect, test } from '../support/test';

test('a device is renamed, here and in the eyes of the others', async ({ visitor }) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two' });
  await openSetting(second, 'Devices');
  const devices = await openSetting(first, 'Devices');
  await devices.getByRole('button', { name: 'Rename Browser two' }).click();
  const rename = first.dialog('Rename device');
  await rename.getByLabel('Name of the device').fill('');
  await rename.getByRole('button', { name: 'Save' }).click();
  await expect(rename.getByText('Type a name.')).toBeVisible();
  await rename.getByLabel('Name of the device').fill('Kitchen <b>tablet</b>');
  await rename.getByRole('button', { name: 'Save' }).click();
  for (const browser of [first, second]) {
    await expect(device(browser, 'Kitchen <b>tablet</b>')).toBeVisible();
    await expect(device(browser, 'Browser two')).toHaveCount(0);
  }
});

test('a revoked device is cut off at once and says why, and erases what it has', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two', stay: true });
  await revoke(first, 'Browser two');
  await expect(heading(second, 'This device was signed out')).toBeVisible();
  await expect(second.conversations).toHaveCount(0);
  // Nor does it come back by itself.
  await second.page.reload();
  await expect(heading(second, 'This device was signed out')).toBeVisible();
  const before = await recordsOf(second.page);
  expect(before.length).toBeGreaterThan(2);
  await eraseEnded(second);
  const left = new Set(await recordsOf(second.page));
  expect(before.filter((record) => record.length >= 64 && left.has(record))).toEqual([]);
  await signIn(second, 'alice', { device: 'Browser three' });
  await openSetting(first, 'Devices');
  await expect(device(first, 'Browser three')).toBeVisible();
});

test('a device that was away hears of its revocation when it is back', async ({ visitor }) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two', stay: true });
  await second.leave();
  await revoke(first, 'Browser two');
  const back = await second.comeBack();
  await expect(heading(back, 'This device was signed out')).toBeVisible();
});

test('all other devices are revoked at once', async ({ visitor }) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const others = [await visitor(), await visitor()];
  for (const [at, other] of others.entries()) {
    await signIn(other, 'alice', { device: `Other ${at}`, stay: true });
  }
  const devices = await openSetting(first, 'Devices');
  const items = devices.getByRole('list', { name: 'Your devices' }).getByRole('listitem');
  await expect(items).toHaveCount(3);
  await devices.getByRole('button', { name: 'Revoke all other devices' }).click();
  const sure = first.dialog('Revoke all other devices');
  await sure.getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(items).toHaveCount(1);
  await expect(items).toContainText('This device');
  for (const other of others) {
    await expect(heading(other, 'This device was signed out')).toBeVisible();
  }
  await closeDialogs(first);
  await reload(first);
});

test('signing out of this browser erases it, and the device is gone from the list', async ({
  visitor,
}) => {
  const first = await visitor();
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two' });
  await openSetting(first, 'Devices');
  await expect(device(first, 'Browser two')).toBeVisible();
  const before = await recordsOf(second.page);
  expect(before.length).toBeGreaterThan(2);
  const dialog = await openSecurity(second, 'Sign out of this browser');
  await expect(dialog).toContainText('are erased');
  await dialog.getByRole('button', { name: 'Sign out and erase' }).click();
  await expect(heading(second, 'Welcome to Sotto')).toBeVisible();
  const left = new Set(await recordsOf(second.page));
  expect(before.filter((record) => record.length >= 64 && left.has(record))).toEqual([]);
  await second.page.reload();
  await expect(heading(second, 'Welcome to Sotto')).toBeVisible();
  await expect(device(first, 'Browser two')).toHaveCount(0);
  await closeDialogs(first);
});

test('a device that the server has put there raises the alarm', async ({ visitor, middleman }) => {
  const first = await visitor({ address: middleman.url });
  await signUp(first, 'alice', { device: 'Browser one' });
  const second = await visitor();
  await signIn(second, 'alice', { device: 'Browser two' });
  await openSetting(first, 'Devices');
  await expect(device(first, 'Browser two')).toBeVisible();
  await expect(first.page.getByText('This device is not yours.')).toHaveCount(0);
  await closeDialogs(first);
  // The list of devices, with another device's key in the certificate: nobody signed that.
  const { publicKey } = generateKeyPairSync('ed25519');
  const strange = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  middleman.tell((code, payload) =>
    code === 4020
      ? change(payload, 1, (entry) =>
          entry.includes('Browser two')
            ? change(entry, 1, (certificate) => change(certificate, 4, () => strange))
            : entry,
        )
      : payload,
  );
  await expect(first.connection).toHaveText('Online');
  await openSetting(first, 'Devices');
  const planted = device(first, 'Browser two').getByRole('alert');
  await expect(planted).toContainText('This device is not yours.');
  await expect(device(first, 'Browser one').getByRole('alert')).toHaveCount(0);
});
