// What people do in conversations (version 3), step by step, in the words of web-client/README.md.

import { type Locator, expect } from '@playwright/test';
import type { Person } from './person';

/** Two people with accounts, who see each other. */
export type Two = [Person, Person];

/** Exchanging keys takes a few round trips, and a busy machine. */
const JOINING = { timeout: 45_000 };

// Conversations

/** A conversation that is open: a direct chat by its other side, a group by its name. */
export function room(person: Person, name: string): Locator {
  const direct = person.conversation(name);
  return direct.or(person.page.getByRole('region', { name: `Group ${name}`, exact: true }));
}

/** Opens the direct chat with somebody, which is made if there is none. */
export async function writeTo(person: Person, name: string): Promise<void> {
  const dialog = await newChat(person);
  const people = dialog.getByRole('list', { name: 'People to write to' });
  await people.getByRole('button', { name: new RegExp(`^${name}( |$)`) }).click();
  await expect(room(person, name)).toBeVisible(JOINING);
  await expect(person.composer).toBeVisible(JOINING);
}

/** Opens a conversation that is in the list. */
export async function openRoom(person: Person, name: string): Promise<void> {
  const row = rowOf(person, name);
  await expect(row).toBeVisible(JOINING);
  await row.click();
  await expect(room(person, name)).toBeVisible();
}

/** A conversation in the list, with whatever stands behind its name. */
export function rowOf(person: Person, name: string): Locator {
  const conversations = person.people.getByRole('group', { name: 'Conversations' });
  return conversations.getByRole('option', { name: new RegExp(`^${name}( |$)`) }).first();
}

/** Makes a group and opens it. */
export async function makeGroup(person: Person, name: string, members: string[]): Promise<void> {
  const dialog = await newChat(person);
  await dialog.getByRole('button', { name: 'New group' }).click();
  const group = person.dialog('New group');
  await group.getByRole('textbox', { name: 'Name of the group' }).fill(name);
  for (const member of members) {
    await group.getByRole('checkbox', { name: member, exact: true }).check();
  }
  await group.getByRole('button', { name: 'Create group' }).click();
  await expect(room(person, name)).toBeVisible(JOINING);
}

/** Joins the lobby, or opens it. */
export async function openLobby(person: Person): Promise<void> {
  const dialog = await newChat(person);
  await dialog.getByRole('button', { name: /^(Join the lobby|Lobby)/ }).click();
  await expect(person.page.getByRole('region', { name: 'Lobby', exact: true })).toBeVisible(JOINING);
  await expect(person.composer).toBeVisible(JOINING);
}

async function newChat(person: Person): Promise<Locator> {
  await person.page.getByRole('button', { name: 'New chat' }).click();
  const dialog = person.dialog('New chat');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Opens what is to be known of the group that is open. */
export async function openAbout(person: Person): Promise<Locator> {
  await person.page.getByRole('button', { name: 'About this group' }).click();
  const dialog = person.dialog('About this group');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** A member in the dialog that is open. */
export function member(dialog: Locator, name: string): Locator {
  return dialog.getByRole('listitem', { name, exact: true });
}

export async function addMembers(person: Person, names: string[]): Promise<void> {
  const about = await openAbout(person);
  await about.getByRole('button', { name: 'Add people' }).click();
  const dialog = person.dialog('Add people');
  for (const name of names) await dialog.getByRole('checkbox', { name, exact: true }).check();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  for (const name of names) await expect(member(about, name)).toBeVisible(JOINING);
  await person.closeDialogs();
}

export async function removeMember(person: Person, name: string): Promise<void> {
  const about = await openAbout(person);
  await about.getByRole('button', { name: `Remove ${name}` }).click();
  await expect(member(about, name)).toHaveCount(0, JOINING);
  await person.closeDialogs();
}

export async function renameGroup(person: Person, name: string): Promise<void> {
  const about = await openAbout(person);
  await about.getByRole('button', { name: 'Rename' }).click();
  const dialog = person.dialog('Rename group');
  await dialog.getByRole('textbox', { name: 'Name of the group' }).fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await person.closeDialogs();
}

/** Leaves the group or the lobby that is open. */
export async function leave(person: Person): Promise<void> {
  await chooseInMenu(person, 'Leave');
  const dialog = person.page.getByRole('dialog', { name: /^Leave the/ });
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await expect(person.page.getByText('You have left.')).toBeVisible(JOINING);
}

/** Chooses an entry of the menu of the conversation that is open. */
export async function chooseInMenu(person: Person, entry: string): Promise<void> {
  await person.page.getByRole('button', { name: 'Conversation menu' }).click();
  await person.page.getByRole('menuitem', { name: entry }).click();
}

// Lines

/** A line with this text in it. */
export function line(person: Person, text: string | RegExp): Locator {
  return person.log.getByRole('article').filter({ hasText: text });
}

/** Opens the menu of a line by keyboard. */
export async function openActions(person: Person, text: string): Promise<Locator> {
  await line(person, text).last().focus();
  await person.page.keyboard.press('Enter');
  const menu = person.page.getByRole('menu', { name: 'Message actions' });
  await expect(menu).toBeVisible();
  return menu;
}

/** Does something with a line. */
export async function act(person: Person, text: string, entry: string): Promise<void> {
  const menu = await openActions(person, text);
  await menu.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** Every text of the conversation that is open that matches, in order, nothing twice. */
export async function expectLines(person: Person, pattern: RegExp, texts: string[]): Promise<void> {
  await expect(person.log.getByText(pattern)).toHaveText(texts, { timeout: 60_000 });
}
