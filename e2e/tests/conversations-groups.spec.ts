// Groups and the lobby: who is in them, who may do what, and who sees what.

import {
  addMembers,
  act,
  expectLines,
  leave,
  line,
  makeGroup,
  member,
  openAbout,
  openLobby,
  openRoom,
  removeMember,
  renameGroup,
  room,
  rowOf,
} from '../support/chat';
import { type Person, numbered } from '../support/person';
import { expect, test } from '../support/test';

test('a group of five: writing, adding, renaming, removing, leaving', async ({ account }) => {
  test.setTimeout(300_000);
  const names = ['alice', 'bob', 'carol', 'dave', 'erin'];
  const people: Person[] = [];
  for (const name of names) people.push(await account(name));
  const [alice, bob, carol, dave, erin] = people as [Person, Person, Person, Person, Person];
  await makeGroup(alice, 'Book club', ['bob', 'carol', 'dave']);
  await alice.write('welcome');
  for (const person of [bob, carol, dave]) {
    await openRoom(person, 'Book club');
    await expect(person.message('welcome')).toBeVisible();
  }
  // A new member sees nothing of what was said before.
  await addMembers(alice, ['erin']);
  await openRoom(erin, 'Book club');
  await alice.write('hello erin');
  await expect(erin.message('hello erin')).toBeVisible();
  await expect(erin.message('welcome')).toHaveCount(0);
  await expect(line(bob, 'alice added erin')).toBeVisible();

  await renameGroup(alice, 'Film club');
  for (const person of people) await expect(room(person, 'Film club')).toBeVisible();

  // A removed member sees nothing any more.
  await removeMember(alice, 'bob');
  await expect(bob.page.getByText('You were removed.')).toBeVisible();
  await alice.write('without bob');
  await expect(carol.message('without bob')).toBeVisible();
  await expect(bob.message('without bob')).toHaveCount(0);
  await expect(bob.composer).toHaveCount(0);

  await leave(dave);
  await expect(line(alice, 'dave left')).toBeVisible({ timeout: 45_000 });
  await erin.write('four of us');
  for (const person of [alice, carol]) await expect(person.message('four of us')).toBeVisible();
  await expect(dave.message('four of us')).toHaveCount(0);
});

test('only admins add, remove and rename, and admins make admins', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await account('carol');
  await makeGroup(alice, 'Club', ['bob', 'carol']);
  await openRoom(bob, 'Club');
  const seen = await openAbout(bob);
  await expect(member(seen, 'alice')).toContainText('Admin');
  for (const name of ['Add people', 'Rename', 'Remove carol']) {
    await expect(seen.getByRole('button', { name })).toHaveCount(0);
  }
  await expect(seen).toContainText('X-Wing');
  await bob.closeDialogs();
  await bob.write('/rename Mine');
  await expect(bob.notices).toContainText('Only admins of the group can do that.');

  const about = await openAbout(alice);
  await about.getByRole('button', { name: 'Make admin: bob' }).click();
  await expect(member(about, 'bob')).toContainText('Admin');
  await alice.closeDialogs();
  await expect(line(bob, 'alice made you an admin')).toBeVisible();
  await renameGroup(bob, 'Ours');
  await expect(room(alice, 'Ours')).toBeVisible();
});

test('two people commit at once: both changes are there, for everybody', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  const carol = await account('carol');
  await account('dave');
  await makeGroup(alice, 'Race', ['bob', 'carol']);
  await openRoom(bob, 'Race');
  await openRoom(carol, 'Race');
  const about = await openAbout(alice);
  await about.getByRole('button', { name: 'Make admin: bob' }).click();
  await expect(member(about, 'bob')).toContainText('Admin');
  await alice.closeDialogs();
  await expect(line(bob, 'made you an admin')).toBeVisible();
  await Promise.all([addMembers(alice, ['dave']), renameGroup(bob, 'Finish')]);
  for (const person of [alice, bob, carol]) {
    await expect(room(person, 'Finish')).toBeVisible();
    await expect(line(person, /alice added dave|You added dave/)).toBeVisible();
  }
  await carol.write('all fine');
  for (const person of [alice, bob]) await expect(person.message('all fine')).toBeVisible();
});

test('who is mentioned is told, though the conversation is muted', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob', { displayName: 'Bob B.' });
  await makeGroup(alice, 'Club', ['Bob B.']);
  await openRoom(bob, 'Club');
  await bob.page.getByRole('button', { name: 'Conversation menu' }).click();
  await bob.page.getByRole('menuitem', { name: 'Mute' }).click();
  await expect(rowOf(bob, 'Club')).toHaveAccessibleName(/Muted/);
  await openLobby(bob);
  await alice.write('nothing for you');
  await expect(rowOf(bob, 'Club')).toHaveAccessibleName(/1 unread/);
  await expect(bob.page).toHaveTitle('Sotto');

  await alice.composer.pressSequentially('look here @b');
  const offers = alice.page.getByRole('listbox', { name: 'Suggestions' });
  await expect(offers.getByRole('option')).toContainText(['Bob B.']);
  await alice.page.keyboard.press('Enter');
  await expect(alice.composer).toHaveValue('look here @bob ');
  await alice.page.keyboard.press('Enter');
  await expect(line(alice, 'look here @Bob B.')).toBeVisible();
  await expect(rowOf(bob, 'Club')).toHaveAccessibleName(/mentions you/);
  await expect(bob.page).toHaveTitle('(1) Sotto');
});

test('the lobby: everybody who wants, coming and going, and nothing from before', async ({
  account,
}) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await openLobby(alice);
  await alice.write('anybody here?');
  await openLobby(bob);
  await expect(line(alice, 'bob joined')).toBeVisible();
  await expect(alice.page.getByText('2 people, 1 online')).toBeVisible();
  await alice.write('hello bob');
  await expect(bob.message('hello bob')).toBeVisible();
  await expect(bob.message('anybody here?')).toHaveCount(0);
  await leave(bob);
  await expect(line(alice, 'bob left')).toBeVisible({ timeout: 45_000 });
});

test('an admin takes back what somebody else has written', async ({ account }) => {
  const alice = await account('alice');
  const bob = await account('bob');
  await makeGroup(alice, 'Club', ['bob']);
  await openRoom(bob, 'Club');
  await bob.write('something rude');
  await expect(alice.message('something rude')).toBeVisible();
  await act(alice, 'something rude', 'Delete');
  await alice.dialog('Delete message').getByRole('button', { name: 'Delete for everyone' }).click();
  await expect(line(bob, /Deleted by alice/)).toBeVisible();
  await expect(bob.message('something rude')).toHaveCount(0);
});

test('the gateway is killed in the middle of a burst: all there once, in order', async ({
  account,
  gateway,
}) => {
  test.setTimeout(240_000);
  const alice = await account('alice');
  const bob = await account('bob');
  await makeGroup(alice, 'Burst', ['bob']);
  await openRoom(bob, 'Burst');
  await alice.write('first');
  await expect(bob.message('first')).toBeVisible();
  const burst = numbered('burst', 120);
  const writes = (async () => {
    for (const text of burst) await alice.write(text);
  })();
  await expect(bob.message('burst 10')).toBeVisible({ timeout: 60_000 });
  await gateway.kill9();
  await gateway.restart();
  await writes;
  await expect(bob.message('burst 120')).toBeVisible({ timeout: 120_000 });
  await expectLines(bob, /^burst \d+$/, burst);
  await expectLines(alice, /^burst \d+$/, burst);
});
