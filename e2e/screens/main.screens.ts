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

    test(`before the main view, ${size}, ${colorScheme}`, async ({ visitor }) => {
      const ada = await visitor({ ...options, colorScheme });
      const { page } = ada;
      await ada.visit();
      await expect(page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
      await shot(ada, 'first-visit');
      await ada.visitClassic();
      await page.getByRole('textbox', { name: 'Your name' }).fill('x'.repeat(300));
      await shot(ada, 'classic-name-wrong');
      await page.getByRole('button', { name: 'Back' }).click();
      await page.getByLabel('Identity file').setInputFiles(randomFile('ada.sotto', 500));
      await expect(page.getByLabel('Passphrase of the file')).toBeVisible();
      await shot(ada, 'import');
      await page.getByRole('button', { name: 'Back' }).click();
      await ada.register('Ada Lovelace');
      await expect(page.getByText('Nobody else is registered here yet.')).toBeVisible();
      await shot(ada, 'nobody-yet');
      await ada.setPassphrase('correct horse');
      await page.reload();
      await ada.unlock('wrong horse');
      await expect(page.getByRole('alert')).toContainText('Wrong passphrase');
      await shot(ada, 'locked');
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
      await page.getByRole('button', { name: 'Classic encryption: weak' }).click();
      await expect(ada.dialog('About this encryption')).not.toContainText('Not known yet');
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
      const settings = await ada.openSettings();
      await shot(ada, 'settings');
      await settings.getByRole('button', { name: 'Export my.info' }).click();
      await shot(ada, 'export');
      await page.keyboard.press('Escape');
      await settings.getByRole('button', { name: 'Set a passphrase' }).click();
      await shot(ada, 'set-passphrase');
    });

    test(`what went wrong, ${size}, ${colorScheme}`, async ({ stranger, person }) => {
      const other = await stranger('Charles Babbage');
      const ada = await person('Ada Lovelace', { ...options, colorScheme });
      await ada.open('Charles Babbage');
      await shot(ada, 'empty-conversation');
      await other.send('Ada Lovelace', 3, Buffer.alloc(32, 7));
      await other.send('Ada Lovelace', 99, Buffer.alloc(1));
      await ada.log.getByText('Could not be decrypted').waitFor();
      await ada.write('I cannot read that.');
      await ada.expectState('I cannot read that.', 'stored');
      await ada.write('long '.repeat(120));
      await shot(ada, 'undecryptable');
    });
  }
}
