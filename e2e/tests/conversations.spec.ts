// Direct chats (version 3): what two people and their devices say to each other.

import { chooseInMenu, act, expectLines, line, openRoom, rowOf, writeTo } from '../support/chat';
import { numbered } from '../support/person';
import { expect, test } from '../support/test';

test('two people write to each other, and see what arrived and was read', async ({ account }) => {
  const alice = await account('alice', { displayName: 'Alice' });
  const bob = await account('bob', { displayName: 'Bob' });
  await writeTo(alice, 'Bob');
  await alice.write('hello bob');
  await openRoom(bob, 'Alice');
  await expect(bob.message('hello bob')).toBeVisible();
  await bob.expectState('hello bob', 'received');
  await expect(alice.message('hello bob')).toHaveAttribute('data-state', 'read');
  await bob.write('hello alice');
  await expect(alice.message('hello alice')).toBeVisible();
  await expect(alice.page.getByText('also against quantum computers')).toBeVisible();
});

test('a direct chat is one conversation, whoever begins it', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await Promise.all([writeTo(alice, 'bob'), writeTo(bob, 'alice')]);
  await alice.write('from alice');
  await bob.write('from bob');
  for (const person of [alice, bob]) {
    await expect(person.message('from alice')).toBeVisible();
    await expect(person.message('from bob')).toBeVisible();
    await expect(person.people.getByRole('option')).toHaveCount(1);
  }
});

test('all devices of both show the same lines in the same order', async ({ account, visitor }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  await alice.write('line 1');
  const aliceToo = await visitor();
  await aliceToo.signIn('alice');
  const bobToo = await visitor();
  await bobToo.signIn('bob');
  await openRoom(bob, 'alice');
  await expect(bob.message('line 1')).toBeVisible();
  await openRoom(aliceToo, 'bob');
  await openRoom(bobToo, 'alice');
  await alice.write('line 2');
  await expect(bob.message('line 2')).toBeVisible();
  await bobToo.write('line 3');
  await expect(aliceToo.message('line 3')).toBeVisible();
  await aliceToo.write('line 4');
  await bob.write('line 5');
  await expectLines(alice, /^line [2-5]$/, await orderOf(bob.log.getByText(/^line [2-5]$/), 4));
  const order = await orderOf(alice.log.getByText(/^line [2-5]$/), 4);
  for (const device of [aliceToo, bob, bobToo]) await expectLines(device, /^line [2-5]$/, order);
  // A new device sees nothing of what was said before it came.
  await expect(aliceToo.message('line 1')).toHaveCount(0);
});

async function orderOf(
  lines: import('@playwright/test').Locator,
  count: number,
): Promise<string[]> {
  await expect(lines).toHaveCount(count, { timeout: 60_000 });
  return lines.allInnerTexts();
}

test('what is written while both are offline arrives once, in order', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  await alice.write('before');
  await openRoom(bob, 'alice');
  await expect(bob.message('before')).toBeVisible();
  await alice.context.setOffline(true);
  await bob.leave();
  for (const text of numbered('offline', 5)) await alice.write(text);
  await alice.page.waitForTimeout(500);
  await alice.context.setOffline(false);
  await expect(alice.message('offline 5')).toHaveAttribute('data-state', 'stored', {
    timeout: 60_000,
  });
  const back = await bob.comeBack();
  await back.expectMainView();
  await openRoom(back, 'alice');
  await expectLines(back, /^offline \d$/, numbered('offline', 5));
});

test('a text is edited, reacted to, replied to and taken back', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  await alice.write('teh first');
  await openRoom(bob, 'alice');
  await expect(bob.message('teh first')).toBeVisible();

  await act(alice, 'teh first', 'Edit');
  await expect(alice.composer).toHaveValue('teh first');
  await alice.write('the first');
  await expect(bob.message('the first')).toBeVisible();
  await expect(line(bob, 'the first')).toContainText('edited');

  await act(bob, 'the first', 'React with 👍');
  const reaction = alice.log.getByRole('button', { name: '👍 by bob' });
  await expect(reaction).toBeVisible();
  await reaction.click();
  await expect(bob.log.getByRole('button', { name: '👍 by You and alice' })).toBeVisible();
  await bob.log.getByRole('button', { name: /^👍/ }).click();
  await expect(alice.log.getByRole('button', { name: '👍 by You' })).toBeVisible();

  await act(bob, 'the first', 'Reply');
  await bob.write('an answer');
  const quote = line(alice, 'an answer').getByRole('button', { name: /In reply to/ });
  await expect(quote).toContainText('the first');
  await quote.click();
  await expect(line(alice, 'the first').first()).toBeFocused();

  await act(alice, 'edited', 'Delete');
  await alice.dialog('Delete message').getByRole('button', { name: 'Delete for everyone' }).click();
  await expect(line(bob, 'This message was deleted')).toBeVisible();
  await expect(bob.message('the first')).toHaveCount(0);
});

test('messages disappear on both sides after the time that was set', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  await alice.write('stays');
  await openRoom(bob, 'alice');
  await chooseInMenu(alice, 'Disappearing messages');
  const dialog = alice.dialog('Disappearing messages');
  await dialog.getByRole('combobox', { name: 'Messages stay' }).selectOption('30 seconds');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(line(bob, 'disappear after 30 seconds')).toBeVisible();
  await alice.write('goes');
  await expect(bob.message('goes')).toBeVisible();
  for (const person of [alice, bob]) {
    await expect(person.message('goes')).toHaveCount(0, { timeout: 60_000 });
    await expect(person.message('stays')).toBeVisible();
  }
});

test('unread messages are counted until they are seen, on all own devices', async ({
  account,
  visitor,
}) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  const bobToo = await visitor();
  await bobToo.signIn('bob');
  await expect(rowOf(bobToo, 'alice')).toBeVisible();
  for (const text of numbered('news', 3)) await alice.write(text);
  for (const device of [bob, bobToo]) {
    await expect(rowOf(device, 'alice')).toHaveAccessibleName(/3 unread/);
    await expect(device.page).toHaveTitle('(3) Sotto');
  }
  await openRoom(bob, 'alice');
  for (const device of [bob, bobToo]) await expect(device.page).toHaveTitle('Sotto');
});

test('somebody who is writing is seen to', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  await alice.write('hello');
  await openRoom(bob, 'alice');
  await expect(bob.message('hello')).toBeVisible();
  await bob.composer.pressSequentially('I am');
  await expect(alice.page.getByText('bob is writing…').first()).toBeVisible();
  await bob.write('here');
  await expect(alice.message('here')).toBeVisible();
  await expect(alice.log.page().getByText('bob is writing…')).toHaveCount(0);
});

test('everything is there after a reload in the middle, and is found by its words', async ({
  account,
}) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await writeTo(alice, 'bob');
  for (const text of numbered('Crème brûlée', 4)) await alice.write(text);
  await alice.page.reload();
  await alice.expectMainView();
  for (const text of numbered('apple pie', 4)) await alice.write(text);
  await openRoom(bob, 'alice');
  await expectLines(bob, /^(Crème brûlée|apple pie) \d$/, [
    ...numbered('Crème brûlée', 4),
    ...numbered('apple pie', 4),
  ]);
  const search = bob.page.getByRole('searchbox', { name: 'Search people' });
  await search.fill('creme bru');
  const hits = bob.page.getByRole('list', { name: 'Messages found' });
  await expect(hits.getByRole('button')).toHaveCount(4);
  await hits.getByRole('button').last().click();
  await expect(line(bob, 'Crème brûlée 1')).toBeFocused();
});

test('commands behind a slash are offered and done', async ({ account }) => {
  const alice = await account('alice');
  await account('bob');
  await writeTo(alice, 'bob');
  await alice.composer.pressSequentially('/he');
  const offers = alice.page.getByRole('listbox', { name: 'Suggestions' });
  await expect(offers.getByRole('option').first()).toContainText('/help');
  await alice.page.keyboard.press('Tab');
  await alice.page.keyboard.press('Enter');
  await expect(alice.dialog('Commands')).toBeVisible();
  await alice.closeDialogs();
  await alice.write('/nonsense');
  await expect(alice.page.getByText('There is no command /nonsense.')).toBeVisible();
});
