import { numbered } from '../support/person';
import { expect, test } from '../support/test';

test('two people exchange keys and talk, both ways', async ({ pair }) => {
  const [alice, bob] = await pair();
  await alice.write('Hello Bob');
  await alice.expectState('Hello Bob', 'stored');
  await expect(alice.message('Hello Bob')).toContainText('Stored on the server');
  await expect(alice.log.getByText('You sent a key')).toBeVisible();

  await bob.open('alice');
  await expect(bob.log.getByText('alice sent a key')).toBeVisible();
  await bob.expectState('Hello Bob', 'received');
  await bob.write('Hello Alice');
  await bob.expectState('Hello Alice', 'stored');
  await alice.expectState('Hello Alice', 'received');

  await expect(alice.listed('bob')).toHaveAccessibleName(/^bob .*Hello Alice Classic, weakly encrypted.*Online$/);
  await expect(bob.listed('alice')).toHaveAccessibleName(/^alice .*You: Hello Alice Classic, weakly encrypted.*Online$/);
});

test('two people who write first at the same time understand each other', async ({ pair }) => {
  const [alice, bob] = await pair();
  await bob.page.reload();
  await bob.open('alice');
  await Promise.all([alice.write('from alice 1'), bob.write('from bob 1')]);
  await alice.expectTexts(/^from bob \d$/, ['from bob 1']);
  await bob.expectTexts(/^from alice \d$/, ['from alice 1']);
  await Promise.all([alice.write('from alice 2'), bob.write('from bob 2')]);
  await alice.expectTexts(/^from bob \d$/, ['from bob 1', 'from bob 2']);
  await bob.expectTexts(/^from alice \d$/, ['from alice 1', 'from alice 2']);
});

test('three people keep their conversations apart', async ({ person }) => {
  const carol = await person('carol');
  const bob = await person('bob');
  const alice = await person('alice');
  await alice.open('bob');
  await alice.write('for bob only');
  await alice.open('carol');
  await alice.write('for carol only');
  await bob.open('carol');
  await bob.write('from bob to carol');

  await bob.open('alice');
  await bob.expectState('for bob only', 'received');
  await expect(bob.message('for carol only')).toHaveCount(0);
  await carol.open('alice');
  await carol.expectState('for carol only', 'received');
  await expect(carol.log.getByText('bob')).toHaveCount(0);
  await carol.open('bob');
  await carol.expectState('from bob to carol', 'received');
});

test('what is written to somebody who is away is there when they come back', async ({ pair }) => {
  const [alice, bob] = await pair();
  await bob.leave();
  for (const text of numbered('while you were away', 5)) await alice.write(text);
  await alice.expectState('while you were away 5', 'stored');
  await alice.leave();

  const back = await bob.comeBack();
  await back.open('alice');
  await back.expectTexts(/^while you were away \d$/, numbered('while you were away', 5));
  await back.write('I am back');
  await back.expectState('I am back', 'stored');
  const alsoBack = await alice.comeBack();
  await alsoBack.open('bob');
  await alsoBack.expectState('I am back', 'received');
});

test('a reload keeps identity, messages, states and the conversation that was open', async ({
  pair,
}) => {
  const [alice, bob] = await pair();
  await alice.write('before the reload');
  await alice.expectState('before the reload', 'stored');
  await bob.open('alice');
  await bob.write('answer');
  await alice.expectState('answer', 'received');
  const events = await alice.log.getByRole('article').allInnerTexts();

  await alice.page.reload();
  await expect(alice.conversation('bob')).toBeVisible();
  await alice.expectState('before the reload', 'stored');
  await alice.expectState('answer', 'received');
  expect(await alice.log.getByRole('article').allInnerTexts()).toEqual(events);
  await alice.write('after the reload');
  await bob.expectState('after the reload', 'received');
});

test('Shift+Enter begins a line, Enter sends', async ({ pair }) => {
  const [alice, bob] = await pair();
  await alice.composer.pressSequentially('one');
  await alice.composer.press('Shift+Enter');
  await alice.composer.pressSequentially('two');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveValue('');
  await bob.open('alice');
  const text = bob.log.getByText(/^one\s+two$/);
  await expect(text).toBeVisible();
  expect(await text.innerText()).toBe('one\ntwo');
});

test('the text field grows with what is written, and shrinks when it is sent', async ({ pair }) => {
  const [alice] = await pair();
  const height = async () => (await alice.composer.boundingBox())?.height ?? 0;
  const before = await height();
  await alice.composer.fill('one\ntwo\nthree\nfour');
  await expect.poll(height).toBeGreaterThan(2 * before);
  await alice.composer.press('Enter');
  await expect.poll(height).toBe(before);
});

test('nothing but blanks is not sent', async ({ pair }) => {
  const [alice] = await pair();
  await alice.composer.fill('  \n ');
  await expect(alice.page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
  await alice.composer.press('Enter');
  await expect(alice.log.getByRole('article')).toHaveCount(0);
});

test('unread messages are counted in the list and in the title, until they are seen', async ({
  pair,
}) => {
  const [alice, bob] = await pair();
  await expect(bob.page).toHaveTitle('Sotto');
  await alice.write('unread 1');
  await alice.write('unread 2');
  await expect(bob.listed('alice')).toHaveAccessibleName(/^alice 2 unread .*unread 2/);
  await expect(bob.page).toHaveTitle('(2) Sotto');
  await bob.page.reload();
  await expect(bob.page).toHaveTitle('(2) Sotto');
  await bob.open('alice');
  await expect(bob.listed('alice')).not.toHaveAccessibleName(/^alice \d+ unread/);
  await expect(bob.page).toHaveTitle('Sotto');
  await alice.write('seen at once');
  await bob.expectState('seen at once', 'received');
  await expect(bob.page).toHaveTitle('Sotto');
  await bob.page.reload();
  await bob.expectState('seen at once', 'received');
  await expect(bob.page).toHaveTitle('Sotto');
});

test('people are found by a part of their name', async ({ person, stranger }) => {
  await stranger('Ada Lovelace');
  await stranger('Grace Hopper');
  const alice = await person('alice');
  const search = alice.page.getByRole('searchbox', { name: 'Search people' });
  await expect(alice.people.getByRole('option')).toHaveCount(2);
  await search.fill('LOVE');
  await expect(alice.people.getByRole('option')).toHaveCount(1);
  await expect(alice.listed('Ada Lovelace')).toBeVisible();
  await search.fill('nobody');
  await expect(alice.page.getByText('Nobody by that name.')).toBeVisible();
  await search.press('Escape');
  await expect(alice.people.getByRole('option')).toHaveCount(2);
});

test('the weakness of the classic encryption is explained in one click', async ({ pair }) => {
  const [alice, bob] = await pair();
  const about = await alice.openEncryption();
  await expect(about).toContainText('What it protects');
  await expect(about).toContainText('What it does not');
  const fingerprint = /(?:\b[0-9a-f]{4}\s+){4}[0-9a-f]{4}\b/gi;
  await expect.poll(async () => (await about.innerText()).match(fingerprint)?.length).toBe(2);
  const [own, theirs] = (await about.innerText()).match(fingerprint) ?? [];
  await about.getByRole('button', { name: 'Close' }).click();
  await expect(about).toBeHidden();

  const settings = await bob.openSettings();
  await settings.getByRole('button', { name: 'Classic bridge' }).click();
  const bridge = bob.dialog('Classic bridge');
  await expect(bridge).toContainText('Your fingerprint');
  expect(plain(await bridge.innerText())).toContain(plain(theirs));
  expect(own).not.toBe(theirs);
});

function plain(text: string | undefined): string {
  return (text ?? 'nothing').replace(/\s/g, '');
}

test('a key can be asked for and sent anew by hand', async ({ pair }) => {
  const [alice, bob] = await pair();
  const menu = alice.page.getByRole('button', { name: 'Conversation menu' });
  await menu.click();
  await alice.page.getByRole('menuitem', { name: 'Ask for a key' }).click();
  await expect(alice.log.getByText('You asked for a key')).toBeVisible();
  await bob.open('alice');
  await expect(bob.log.getByText('alice asked for a key')).toBeVisible();
  await expect(bob.log.getByText('You sent a key')).toBeVisible();
  await expect(alice.log.getByText('bob sent a key')).toBeVisible();
  await alice.write('under the key of bob');
  await bob.expectState('under the key of bob', 'received');

  await menu.click();
  await alice.page.getByRole('menuitem', { name: 'Send a new key' }).click();
  await expect(bob.log.getByText('alice sent a key')).toBeVisible();
  await bob.write('under the key of alice');
  await alice.expectState('under the key of alice', 'received');
});
