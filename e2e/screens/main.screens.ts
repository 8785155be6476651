import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFile } from '../support/content';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';
import { demo } from './demo';

const FOLDER = process.env.SCREENS_DIR ?? '.artefacts/screens';
const README_IMAGE = '../docs/images/conversation.png';

const SIZES = {
  wide: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

for (const [size, options] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const shot = async (person: Person, name: string) => {
      await mkdir(FOLDER, { recursive: true });
      await person.page.screenshot({ path: join(FOLDER, `${name}-${size}-${colorScheme}.png`) });
    };

    test(`the way to an account, ${size}, ${colorScheme}`, async ({ visitor, middleman }) => {
      const ada = await visitor({ ...options, colorScheme, address: middleman.url });
      const { page } = ada;
      await ada.visit();
      await expect(page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
      await shot(ada, 'first-visit');
      await ada.fillSignIn('ada');
      await expect(page.getByText('The name or the password is wrong.')).toBeVisible();
      await shot(ada, 'sign-in-refused');
      await page.getByRole('button', { name: 'Forgot password?' }).click();
      await shot(ada, 'recover');
      await ada.visit();
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByRole('textbox', { name: 'User name' }).fill('Ada Lovelace');
      await page.getByRole('textbox', { name: 'Password' }).fill('short');
      await shot(ada, 'sign-up-wrong');
      middleman.play(() => undefined);
      await ada.fillSignUp('ada', { displayName: 'Ada Lovelace', stay: false });
      await expect(page.getByRole('heading', { name: 'One moment, ada' })).toBeVisible();
      await shot(ada, 'sign-up-under-way');
      await page.getByRole('button', { name: 'Cancel' }).click();
      middleman.behave();
      await ada.fillSignUp('ada', { displayName: 'Ada Lovelace', stay: false });
      await expect(page.getByRole('group', { name: 'Recovery code' }).locator('code')).toHaveCount(8);
      await shot(ada, 'recovery-code');
      await page.getByRole('button', { name: 'I have written it down' }).click();
      await shot(ada, 'recovery-code-check');
      await page.getByRole('button', { name: 'Show the code again' }).click();
      await page.getByRole('button', { name: 'Later' }).click();
      await expect(page.getByText('Nobody else is here yet.')).toBeVisible();
      await shot(ada, 'nobody-yet');
      await page.reload();
      await ada.unlock('wrong horse');
      await expect(page.getByRole('alert')).toContainText('Wrong password');
      await shot(ada, 'locked');
      await page.getByRole('button', { name: 'Forgot password?' }).click();
      await shot(ada, 'locked-forgotten');
    });

    test(`the way to a classic identity, ${size}, ${colorScheme}`, async ({ visitor }) => {
      const ada = await visitor({ ...options, colorScheme });
      const { page } = ada;
      await ada.visitClassic();
      await page.getByRole('textbox', { name: 'Your name' }).fill('x'.repeat(300));
      await shot(ada, 'classic-name-wrong');
      await page.getByRole('button', { name: 'Back' }).click();
      await page.getByLabel('Identity file').setInputFiles(randomFile('ada.sotto', 500));
      await expect(page.getByLabel('Passphrase of the file')).toBeVisible();
      await shot(ada, 'import');
      await ada.registerClassic('Ada Lovelace');
      await expect(page.getByText('Nobody else is registered here yet.')).toBeVisible();
      await shot(ada, 'classic-nobody-yet');
      const settings = await ada.openSettings();
      await shot(ada, 'classic-settings');
      await settings.getByRole('button', { name: 'Export my.info' }).click();
      await shot(ada, 'classic-export');
      await page.keyboard.press('Escape');
      await settings.getByRole('button', { name: 'Set a passphrase' }).click();
      await shot(ada, 'classic-set-passphrase');
      await ada.closeDialogs();
      await page.getByRole('button', { name: 'Set a password' }).click();
      await shot(ada, 'carry-over');
    });

    test(`what belongs to an account, ${size}, ${colorScheme}`, async ({ visitor }) => {
      const ada = await visitor({ ...options, colorScheme });
      const { page } = ada;
      await ada.signUp('ada', { displayName: 'Ada Lovelace' });
      const charles = await visitor();
      await charles.signUp('charles', { displayName: 'Charles Babbage' });
      await ada.listed('Charles Babbage').click();
      const contact = ada.contact('Charles Babbage');
      await expect(contact.getByRole('group', { name: 'Safety number' })).toBeVisible();
      await shot(ada, 'contact');
      await contact.getByRole('button', { name: 'Mark as verified' }).click();
      await expect(contact.getByRole('button', { name: 'Remove mark' })).toBeVisible();
      await contact.getByRole('button', { name: 'Remove mark' }).scrollIntoViewIfNeeded();
      await shot(ada, 'contact-verified');
      const second = await visitor();
      await second.signIn('ada');
      await expect(page.getByRole('button', { name: 'It was me' })).toBeVisible();
      await shot(ada, 'new-device');
      if (size === 'phone') await contact.getByRole('button', { name: 'Back to people' }).click();
      await shot(ada, 'people-verified');
      const devices = await ada.openSetting('Devices');
      await expect(devices.getByRole('listitem')).toHaveCount(2);
      await shot(ada, 'devices');
      await devices.getByRole('button', { name: 'Revoke all other devices' }).click();
      await shot(ada, 'revoke');
      await ada.closeDialogs();
      for (const name of ['Profile', 'Security', 'Classic bridge']) {
        await ada.openSetting(name);
        await shot(ada, name.toLowerCase().replace(' ', '-'));
        await ada.closeDialogs();
      }
      const security = await ada.openSetting('Security');
      for (const name of ['Change password', 'New recovery code', 'Delete account']) {
        await security.getByRole('button', { name }).click();
        await expect(ada.dialog(name)).toBeVisible();
        await shot(ada, name.toLowerCase().replace(' ', '-'));
        await page.keyboard.press('Escape');
      }
      await ada.closeDialogs();
      const others = await second.openSetting('Devices');
      await others.getByRole('button', { name: 'Revoke all other devices' }).click();
      const sure = second.dialog('Revoke all other devices');
      await sure.getByRole('button', { name: 'Revoke', exact: true }).click();
      await expect(page.getByRole('heading', { name: 'This device was signed out' })).toBeVisible();
      await shot(ada, 'signed-out');
    });

    test(`the main view, ${size}, ${colorScheme}`, async ({ stranger, person, gateway }) => {
      const isPhone = size === 'phone';
      const { ada, charles } = await demo(stranger, person, { ...SIZES.wide, colorScheme });
      const { page } = ada;
      if (isPhone) await page.setViewportSize(SIZES.phone.viewport);
      await expect(page.getByRole('status', { name: 'Notices' })).toBeEmpty();
      await shot(ada, 'conversation');
      if (size === 'wide' && colorScheme === 'light') {
        await mkdir(join(README_IMAGE, '..'), { recursive: true });
        await page.screenshot({ path: README_IMAGE });
      }
      if (isPhone) {
        await page.getByRole('button', { name: 'Back to people' }).click();
        await shot(ada, 'people');
        await ada.open('Charles Babbage');
      }
      await page.getByRole('button', { name: 'Conversation menu' }).click();
      await shot(ada, 'menu');
      await page.keyboard.press('Escape');
      await expect(await ada.openEncryption()).not.toContainText('Not known yet');
      await shot(ada, 'about-this-encryption');
      await page.keyboard.press('Escape');
      await ada.files.getByRole('button', { name: 'Rename' }).click();
      await shot(ada, 'rename');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: /^Show picture/ }).click();
      await expect(ada.dialog('Picture').getByRole('img', { name: /^Picture/ })).toBeVisible();
      await shot(ada, 'picture');
      await page.keyboard.press('Escape');
      await page.getByLabel('File to attach').setInputFiles(randomFile('table.csv', 40_000));
      await ada.composer.fill('A draft of more than one line,\nwith a file beside it.');
      await shot(ada, 'composer');

      await gateway.kill9();
      const offline = page.getByText('Messages wait here and go out by themselves.');
      await expect(offline).toBeVisible();
      await ada.composer.press('Enter');
      await expect(ada.files.last()).toHaveAttribute('data-state', 'queued');
      await shot(ada, 'offline');
      await gateway.restart();
      await expect(offline).toBeHidden();
      charles.close();

      if (isPhone) await page.getByRole('button', { name: 'Back to people' }).click();
      await ada.openSettings();
      await shot(ada, 'settings');
    });

    test(`what went wrong, ${size}, ${colorScheme}`, async ({ stranger, person }) => {
      const other = await stranger('Charles Babbage');
      const ada = await person('ada', {
        ...options,
        colorScheme,
        displayName: 'Ada Lovelace',
      });
      await ada.open('Charles Babbage');
      await shot(ada, 'empty-conversation');
      await other.send('ada', 3, Buffer.alloc(32, 7));
      await other.send('ada', 99, Buffer.alloc(1));
      await ada.log.getByText('Could not be decrypted').waitFor();
      await ada.write('I cannot read that.');
      await ada.expectState('I cannot read that.', 'stored');
      await ada.write('long '.repeat(120));
      await shot(ada, 'undecryptable');
    });
  }
}
