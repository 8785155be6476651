import type { Page } from '@playwright/test';
import { PASSWORD } from '../support/person';
import { openRoom } from '../support/chat';
import { expect, test } from '../support/test';

/** Presses Tab until the focus is there. */
async function tabTo(page: Page, name: RegExp | string, role: Parameters<Page['getByRole']>[0]) {
  const target = page.getByRole(role, { name, exact: typeof name === 'string' });
  for (let presses = 0; presses < 25; presses += 1) {
    if (await target.evaluateAll((found) => found.some((it) => it === document.activeElement))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to the ${role} ${name}`);
}

test('from the first visit to a sent message by keyboard alone', async ({ visitor, person }) => {
  const bob = await person('bob');
  const alice = await visitor();
  const { page } = alice;
  const { keyboard } = page;
  await alice.visit();
  await tabTo(page, 'Create account', 'button');
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'User name' })).toBeFocused();
  await keyboard.type('alice');
  await tabTo(page, 'Password', 'textbox');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');

  const code = page.getByRole('group', { name: 'Recovery code' }).locator('code');
  await expect(code).toHaveCount(8);
  const lastGroup = await code.last().innerText();
  await tabTo(page, 'I have written it down', 'button');
  await keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'Last group of the code' })).toBeFocused();
  await keyboard.type(lastGroup);
  await keyboard.press('Enter');
  await alice.expectMainView();

  await tabTo(page, 'Settings', 'button');
  await keyboard.press('Enter');
  await expect(alice.dialog('Settings')).toBeVisible();
  await tabTo(page, 'Classic bridge', 'button');
  await keyboard.press('Enter');
  await expect(alice.dialog('Classic bridge')).toBeVisible();
  await tabTo(page, 'Classic bridge', 'switch');
  await keyboard.press('Space');
  await expect(alice.dialog('Classic bridge')).toContainText('Your fingerprint');
  await keyboard.press('Escape');
  await expect(alice.dialog('Settings')).toBeVisible();
  await keyboard.press('Escape');
  await expect(alice.dialog('Settings')).toBeHidden();

  await tabTo(page, /^bob/, 'option');
  await keyboard.press('Enter');
  await expect(alice.contact('bob')).toBeVisible();
  await tabTo(page, 'Message', 'button');
  await keyboard.press('Enter');
  await expect(alice.composer).toBeFocused();
  await keyboard.type('typed by hand');
  await keyboard.press('Enter');
  await expect(alice.message('typed by hand')).toHaveAttribute('data-state', /^(stored|delivered|read)$/);
  await expect(alice.composer).toBeFocused();
  await openRoom(bob, 'alice');
  await bob.expectState('typed by hand', 'received');

  // Escape leads back to the conversation in the list.
  await keyboard.press('Escape');
  await expect(alice.listed('bob')).toBeFocused();
});

test('search, list, menu and dialogs are worked by keyboard', async ({ person, stranger }) => {
  for (const name of ['anna', 'ben', 'cleo']) await stranger(name);
  const alice = await person('alice');
  const { page } = alice;
  const { keyboard } = page;
  await expect(alice.people.getByRole('option')).toHaveCount(3);

  await keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search people' })).toBeFocused();
  await keyboard.press('ArrowDown');
  await expect(alice.listed('anna')).toBeFocused();
  await keyboard.press('End');
  await expect(alice.listed('cleo')).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(alice.listed('ben')).toBeFocused();
  await keyboard.press('Control+k');
  await keyboard.type('cle');
  await keyboard.press('Enter');
  await expect(alice.conversation('cleo')).toBeVisible();

  const menu = page.getByRole('button', { name: 'Conversation menu' });
  await tabTo(page, 'Conversation menu', 'button');
  await keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Ask for a key' })).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(page.getByRole('menuitem', { name: 'About this encryption' })).toBeFocused();
  await keyboard.press('Escape');
  await expect(menu).toBeFocused();
  await keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'Ask for a key' })).toBeFocused();
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  const about = alice.dialog('About this encryption');
  await expect(about).toBeVisible();
  // The focus stays inside.
  for (let presses = 0; presses < 12; presses += 1) {
    await keyboard.press('Tab');
    const outside = page.locator(':focus').and(page.locator('body :not(dialog *)'));
    await expect(outside.and(page.locator(':not(dialog)'))).toHaveCount(0);
  }
  await keyboard.press('Escape');
  await expect(about).toBeHidden();

  await tabTo(page, 'Settings', 'button');
  await keyboard.press('Enter');
  await tabTo(page, 'Security', 'button');
  await keyboard.press('Enter');
  await expect(alice.dialog('Security')).toBeVisible();
  await tabTo(page, 'Change password', 'button');
  await keyboard.press('Enter');
  await expect(alice.dialog('Change password')).toBeVisible();
  await keyboard.press('Escape');
  await expect(alice.dialog('Security')).toBeVisible();
  await keyboard.press('Escape');
  await expect(alice.dialog('Settings')).toBeVisible();
  await keyboard.press('Escape');
  await expect(alice.dialog('Settings')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Settings' })).toBeFocused();
});

test('Escape leads from a dialog to the one that it was opened from, and no further', async ({
  visitor,
}) => {
  const alice = await visitor();
  await alice.signUp('alice');
  const settings = await alice.openSettings();
  for (const name of ['Profile', 'Devices', 'Security', 'Classic bridge', 'Profile', 'Security']) {
    await settings.getByRole('button', { name, exact: true }).click();
    await expect(alice.dialog(name)).toBeVisible();
    await alice.page.keyboard.press('Escape');
    await expect(alice.dialog(name)).toBeHidden();
    await expect(settings).toBeVisible();
  }
  await alice.page.keyboard.press('Escape');
  await expect(settings).toBeHidden();
});
