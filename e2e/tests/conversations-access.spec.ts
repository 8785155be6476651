// Conversations by keyboard, and for everybody.

import { expectNoViolation } from '../support/axe';
import { line, makeGroup, openAbout, openActions, openRoom, writeTo } from '../support/chat';
import { expect, test } from '../support/test';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no axe violation in conversations, in ${colorScheme}`, async ({ account }) => {
    const alice = await account('alice', { colorScheme });
    const bob = await account('bob');
    const { page } = alice;
    await page.getByRole('button', { name: 'New chat' }).click();
    await expect(alice.dialog('New chat').getByText('@bob')).toBeVisible();
    await expectNoViolation(alice, 'new chat');
    await page.keyboard.press('Escape');
    await writeTo(alice, 'bob');
    await expectNoViolation(alice, 'nothing said yet');
    await alice.write('hello **bob**, see `this`\n> quoted\nhttps://example.org');
    await openRoom(bob, 'alice');
    await bob.write('hello alice');
    await expect(line(alice, 'hello alice')).toBeVisible();
    await expectNoViolation(alice, 'a direct chat');
    await openActions(alice, 'hello alice');
    await expectNoViolation(alice, 'what can be done with a line');
    await page.keyboard.press('Escape');
    await makeGroup(alice, 'Club', ['bob']);
    await alice.write('welcome');
    await openRoom(bob, 'Club');
    await bob.write('thank you');
    await expect(line(alice, 'thank you')).toBeVisible();
    await expectNoViolation(alice, 'a group');
    await alice.composer.pressSequentially('@');
    await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeVisible();
    await expectNoViolation(alice, 'suggestions');
    await alice.composer.fill('');
    await openAbout(alice);
    await expectNoViolation(alice, 'about a group');
    await alice.closeDialogs();
    await alice.openSetting('Conversations');
    await expectNoViolation(alice, 'settings of conversations');
  });
}

test('lines are gone through, and replied to, by keyboard alone', async ({ account }) => {
  const alice = await account('alice');
  await account('bob');
  const { page } = alice;
  await writeTo(alice, 'bob');
  for (const text of ['one', 'two', 'three']) await alice.write(text);
  await expect(alice.message('three')).toHaveAttribute('data-state', /stored|delivered|read/);
  await line(alice, 'three').focus();
  await page.keyboard.press('ArrowUp');
  await expect(line(alice, 'two')).toBeFocused();
  await page.keyboard.press('r');
  await expect(page.getByRole('group', { name: 'Reply to You' })).toContainText('two');
  await expect(alice.composer).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('group', { name: 'Reply to You' })).toHaveCount(0);
  await alice.composer.press('ArrowUp');
  await expect(alice.composer).toHaveValue('three');
  await page.keyboard.press('Escape');
  await expect(alice.composer).toHaveValue('');
  await line(alice, 'two').focus();
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: 'Message actions' });
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toHaveCount(0);
  await expect(line(alice, 'two')).toBeFocused();
});
