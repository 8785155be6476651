import type { Locator } from '@playwright/test';
import { expectNoViolation } from '../support/axe';
import { picture, randomFile } from '../support/content';
import { PASSWORD, type Person } from '../support/person';
import { expect, test } from '../support/test';

/** Opens each of these dialogs from another one, and closes it again. */
async function expectNoViolationInDialogs(
  person: Person,
  from: Locator,
  names: string[],
): Promise<void> {
  for (const name of names) {
    await from.getByRole('button', { name, exact: true }).click();
    await expect(person.dialog(name)).toBeVisible();
    await expectNoViolation(person, name);
    await person.page.keyboard.press('Escape');
    await expect(person.dialog(name)).toBeHidden();
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no axe violation on the way to an account, in ${colorScheme}`, async ({
    visitor,
    middleman,
  }) => {
    const alice = await visitor({ colorScheme, address: middleman.url });
    const { page } = alice;
    await alice.visit();
    await expect(page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
    await expectNoViolation(alice, 'first visit');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('More', { exact: true }).click();
    await expectNoViolation(alice, 'signing in');
    await alice.fillSignIn('nobody');
    await expect(page.getByRole('textbox', { name: 'Password' })).toHaveAccessibleDescription(/wrong/);
    await expectNoViolation(alice, 'signing in, refused');
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await page.getByRole('textbox', { name: 'Recovery code' }).fill('AAAAA');
    await page.getByRole('textbox', { name: 'New password' }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Set new password' }).click();
    await expect(page.getByRole('textbox', { name: 'Recovery code' })).toHaveAttribute(
      'aria-invalid',
      'true',
    );
    await expectNoViolation(alice, 'recovering, with a wrong code');

    await alice.visit();
    await page.getByRole('button', { name: 'Create account' }).click();
    await expectNoViolation(alice, 'signing up');
    await page.getByRole('textbox', { name: 'User name' }).fill('Zoë');
    await page.getByRole('textbox', { name: 'Password' }).fill('short');
    await expect(page.getByRole('button', { name: 'Use “zoe”' })).toBeVisible();
    await expectNoViolation(alice, 'signing up, with a wrong name');
    // Nothing is answered for as long as this is looked at.
    middleman.play(() => undefined);
    await alice.fillSignUp('alice', { stay: false });
    await expect(page.getByRole('heading', { name: 'One moment, alice' })).toBeVisible();
    await expectNoViolation(alice, 'under way');
    await page.getByRole('button', { name: 'Cancel' }).click();
    middleman.behave();
    await alice.fillSignUp('alice', { stay: false });
    await expect(page.getByRole('group', { name: 'Recovery code' }).locator('code')).toHaveCount(8);
    await expectNoViolation(alice, 'recovery code');
    await page.getByRole('button', { name: 'I have written it down' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await expect(page.getByRole('alert')).toContainText('not the last group');
    await expectNoViolation(alice, 'recovery code, mistyped');
    await page.getByRole('button', { name: 'Show the code again' }).click();
    await page.getByRole('button', { name: 'Later' }).click();
    await expect(page.getByText('Nobody else is here yet.')).toBeVisible();
    await expectNoViolation(alice, 'nobody else here, the code put off');
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
    await alice.unlock('wrong');
    await expect(page.getByRole('alert')).toContainText('Wrong password');
    await expectNoViolation(alice, 'locked, wrong password');
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await expect(page.getByRole('heading', { name: 'Forgot your password?' })).toBeVisible();
    await expectNoViolation(alice, 'locked, password forgotten');
  });

  test(`no axe violation on the way to a classic identity, in ${colorScheme}`, async ({
    visitor,
  }) => {
    const alice = await visitor({ colorScheme });
    const { page } = alice;
    await alice.visitClassic();
    await page.getByRole('textbox', { name: 'Your name' }).fill('x'.repeat(300));
    await expectNoViolation(alice, 'a name that is wrong');
    await page.getByRole('button', { name: 'Back' }).click();
    await expectNoViolation(alice, 'import');
    await page.getByLabel('Identity file').setInputFiles(randomFile('alice.sotto', 500));
    await expect(page.getByLabel('Passphrase of the file')).toBeVisible();
    await expectNoViolation(alice, 'import of a sealed file');
    await alice.registerClassic('alice');
    await expect(page.getByText('Nobody else is registered here yet.')).toBeVisible();
    await expectNoViolation(alice, 'nobody else here');
    await expectNoViolationInDialogs(alice, await alice.openSettings(), [
      'Set a passphrase',
      'Export sealed file',
      'Export my.info',
    ]);
    await alice.closeDialogs();
    await page.getByRole('button', { name: 'Set a password' }).click();
    await expect(page.getByRole('heading', { name: 'Set a password' })).toBeVisible();
    await expectNoViolation(alice, 'carrying over');
    await page.getByRole('button', { name: 'Back' }).click();
    await alice.setPassphrase('correct horse');
    await page.reload();
    await alice.unlock('wrong');
    await expect(page.getByRole('alert')).toContainText('Wrong passphrase');
    await expectNoViolation(alice, 'locked, wrong passphrase');
  });

  test(`no axe violation in a conversation, in ${colorScheme}`, async ({
    person,
    stranger,
    gateway,
  }) => {
    const other = await stranger('Other Person');
    const alice = await person('alice', { colorScheme });
    const { page } = alice;
    await expectNoViolation(alice, 'people');
    await alice.open('Other Person');
    await expectNoViolation(alice, 'empty conversation');
    await other.send('alice', 3, Buffer.alloc(32, 7));
    await other.send('alice', 99, Buffer.alloc(1));
    await other.sendKey('alice');
    await other.sendText('alice', 'Hello, see https://example.org/');
    await expect(alice.log.getByRole('link', { name: 'https://example.org/' })).toBeVisible();
    await alice.write('Hello');
    await alice.sendFiles(picture('picture.png', 60, 40), randomFile('data.bin', 100));
    await expect(alice.files.last()).toHaveAttribute('data-state', 'stored');
    await expect(alice.log.getByRole('img', { name: 'Picture picture.png' })).toBeVisible();
    await expectNoViolation(alice, 'conversation');
    await page.getByLabel('File to attach').setInputFiles(picture('waiting.png', 60, 40));
    await expectNoViolation(alice, 'an attachment');
    await page.getByRole('button', { name: 'Conversation menu' }).click();
    await expectNoViolation(alice, 'menu');
    await page.keyboard.press('Escape');
    await page.getByRole('searchbox', { name: 'Search people' }).fill('nobody');
    await expectNoViolation(alice, 'search without result');
    await page.getByRole('searchbox', { name: 'Search people' }).fill('');
    await gateway.kill9();
    await expect(alice.connection).toHaveText(/^Offline/);
    await alice.write('waits');
    await expectNoViolation(alice, 'offline');
  });

  test(`no axe violation in any dialog, in ${colorScheme}`, async ({ pair }) => {
    const [alice] = await pair();
    const { page } = alice;
    await page.emulateMedia({ colorScheme });
    await alice.sendFiles(picture('picture.png', 60, 40));
    await alice.openEncryption();
    await expectNoViolation(alice, 'about this encryption');
    await page.keyboard.press('Escape');
    await alice.files.getByRole('button', { name: 'Rename' }).click();
    await expectNoViolation(alice, 'name of the file');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show picture picture.png' }).click();
    await expectNoViolation(alice, 'picture');
    await page.keyboard.press('Escape');
    const settings = await alice.openSettings();
    await expectNoViolation(alice, 'settings');
    await settings.getByRole('button', { name: 'Classic bridge' }).click();
    await expectNoViolation(alice, 'bridge');
    await alice.dialog('Classic bridge').getByRole('switch').click();
    await expect(alice.dialog('Switch the bridge off')).toBeVisible();
    await expectNoViolation(alice, 'switching the bridge off');
  });

  test(`no axe violation in what belongs to an account, in ${colorScheme}`, async ({
    visitor,
    gateway,
  }) => {
    const alice = await visitor({ colorScheme });
    const { page } = alice;
    await alice.signUp('alice');
    const bob = await visitor();
    await bob.signUp('bob');
    await alice.listed('bob').click();
    const contact = alice.contact('bob');
    await expect(contact.getByRole('group', { name: 'Safety number' })).toBeVisible();
    await expectNoViolation(alice, 'contact who cannot be written to');
    await contact.getByText('Paste their code').click();
    await contact.getByRole('textbox', { name: 'Their code' }).fill('nonsense');
    await contact.getByRole('button', { name: 'Compare' }).click();
    await expect(contact.getByRole('alert')).toContainText('no safety code');
    await expectNoViolation(alice, 'contact, a wrong code');
    await contact.getByRole('button', { name: 'Mark as verified' }).click();
    await expect(contact.getByRole('button', { name: 'Remove mark' })).toBeVisible();
    await expectNoViolation(alice, 'contact, verified');

    const second = await visitor();
    await second.signIn('alice');
    await expect(page.getByRole('button', { name: 'It was me' })).toBeVisible();
    await expectNoViolation(alice, 'a new device');
    const devices = await alice.openSetting('Devices');
    await expect(devices.getByRole('listitem')).toHaveCount(2);
    await expectNoViolation(alice, 'devices');
    await devices.getByRole('button', { name: /^Rename/ }).first().click();
    await expectNoViolation(alice, 'name of a device');
    await page.keyboard.press('Escape');
    await devices.getByRole('button', { name: 'Revoke all other devices' }).click();
    await expectNoViolation(alice, 'revoking');
    await page.keyboard.press('Escape');
    await devices.getByRole('button', { name: 'Close' }).click();
    const settings = alice.dialog('Settings');
    await expectNoViolationInDialogs(alice, settings, ['Profile', 'Security', 'Classic bridge']);
    await settings.getByRole('button', { name: 'Security' }).click();
    await expectNoViolationInDialogs(alice, alice.dialog('Security'), [
      'Change password',
      'New recovery code',
      'Sign out of this browser',
      'Delete account',
    ]);
    await alice.closeDialogs();

    await gateway.restart({ SOTTO_REGISTRATION: 'invitation', SOTTO_DIRECTORY: 'exact' });
    await expect(alice.connection).toHaveText('Online');
    const find = page.getByRole('textbox', { name: 'Find by exact name' });
    await find.fill('nobody');
    await find.press('Enter');
    await expect(alice.conversations.getByRole('alert')).toContainText('no account “nobody”');
    await expectNoViolation(alice, 'nobody found by exact name');
    const invitations = await alice.openSetting('Invitations');
    await invitations.getByRole('button', { name: 'Make an invitation' }).click();
    await expect(invitations.getByRole('button', { name: 'Copy link' })).toBeVisible();
    await expectNoViolation(alice, 'invitations');
    await alice.closeDialogs();

    await expect(second.connection).toHaveText('Online');
    const others = await second.openSetting('Devices');
    await others.getByRole('button', { name: 'Revoke all other devices' }).click();
    const sure = second.dialog('Revoke all other devices');
    await sure.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'This device was signed out' })).toBeVisible();
    await expectNoViolation(alice, 'signed out by another device');
    await page.getByRole('button', { name: 'Erase this browser’s copy' }).click();
    await expectNoViolation(alice, 'erasing');
  });
}

test('no axe violation on a phone', async ({ person, stranger }) => {
  const other = await stranger('other');
  const alice = await person('alice', { viewport: { width: 390, height: 844 }, hasTouch: true });
  await expectNoViolation(alice, 'people on a phone');
  await alice.open('other');
  await other.sendKey('alice');
  await other.sendText('alice', 'hello');
  await alice.expectState('hello', 'received');
  await expectNoViolation(alice, 'conversation on a phone');
});
