import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { act, line, makeGroup, openAbout, openRoom, writeTo } from '../support/chat';
import { picture } from '../support/content';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

const FOLDER = process.env.SCREENS_DIR ?? '.artefacts/screens';

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

    test(`conversations, ${size}, ${colorScheme}`, async ({ account }) => {
      const ada = await account('ada', { ...options, colorScheme, displayName: 'Ada Lovelace' });
      const charles = await account('charles', { displayName: 'Charles Babbage' });
      const mary = await account('mary', { displayName: 'Mary Somerville' });
      const { page } = ada;
      await page.getByRole('button', { name: 'New chat' }).click();
      await shot(ada, 'new-chat');
      await page.keyboard.press('Escape');
      await writeTo(ada, 'Charles Babbage');
      await shot(ada, 'chat-empty');
      await ada.write('Have you seen the **notes** on the `Analytical Engine`?');
      await ada.write('> weaves algebraical patterns\nas the loom weaves flowers and leaves');
      await openRoom(charles, 'Ada Lovelace');
      await charles.write('I have. https://example.org/notes is the whole of it 🎉');
      await charles.write('Shall we meet on Thursday?');
      await expect(line(ada, 'Thursday')).toBeVisible();
      await shot(ada, 'chat');
      const menu = page.getByRole('menu', { name: 'Message actions' });
      await line(ada, 'Thursday').focus();
      await page.keyboard.press('Enter');
      await expect(menu).toBeVisible();
      await shot(ada, 'chat-menu');
      await page.keyboard.press('Escape');
      await act(ada, 'Thursday', 'Reply');
      await shot(ada, 'chat-reply');
      await page.getByRole('button', { name: 'Cancel' }).click();
      if (size === 'phone') await page.getByRole('button', { name: 'Back to people' }).click();
      await makeGroup(ada, 'Book club', ['Charles Babbage', 'Mary Somerville']);
      await ada.write('Welcome! @mary begins.');
      await openRoom(mary, 'Book club');
      await mary.write('Gladly.');
      await openRoom(charles, 'Book club');
      await charles.write('What are we reading?');
      await expect(line(ada, 'reading')).toBeVisible();
      const about = await openAbout(ada);
      await about.getByLabel('Picture of the group').setInputFiles([picture('hills.png', 640, 480)]);
      await expect(about.locator('img.avatar').first()).toBeVisible();
      await shot(ada, 'group-about');
      await ada.closeDialogs();
      await shot(ada, 'group');
      await ada.composer.pressSequentially('/');
      await shot(ada, 'slash');
      await ada.composer.fill('');
      await ada.composer.pressSequentially('@');
      await shot(ada, 'mention');
      await ada.composer.fill('');
      if (size === 'phone') await page.getByRole('button', { name: 'Back to people' }).click();
      await shot(ada, 'list');
      const settings = await ada.openSettings();
      await settings.getByRole('button', { name: 'Conversations' }).click();
      await shot(ada, 'conversations-settings');
    });
  }
}
