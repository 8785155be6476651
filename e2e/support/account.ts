// What people with accounts do, step by step, in the words of web-client/README.md.

import { type Locator, expect } from '@playwright/test';
import type { Person } from './person';

/** Good enough for every account that nobody attacks. */
export const PASSWORD = 'correct horse battery';

/** Stretching passwords takes a moment each time; on a busy machine, many. */
const STRETCHING = { timeout: 45_000 };

/** What is typed to sign up. */
export interface SignUp {
  password?: string;
  displayName?: string;
  /** Name of the device. */
  device?: string;
  invitation?: string;
  /** Stay signed in without password. */
  stay?: boolean;
}

/** What is typed to sign in. */
export interface SignIn {
  password?: string;
  device?: string;
  stay?: boolean;
}

/** What is typed to recover. */
export interface Recovery {
  password: string;
  device?: string;
  revokeOthers?: boolean;
}

// Ways in

/** Types what it takes to sign up, on its page; the button is not pressed. */
export async function fillSignUp(person: Person, name: string, options: SignUp = {}): Promise<void> {
  const { page } = person;
  await textbox(person, 'User name').fill(name);
  if (options.invitation) await textbox(person, 'Invitation code').fill(options.invitation);
  if (options.displayName !== undefined) {
    await textbox(person, 'Display name (optional)').fill(options.displayName);
  }
  await page.getByLabel('Password', { exact: true }).fill(options.password ?? PASSWORD);
  await fillDevice(person, options);
}

/** Makes an account, up to the recovery code, which is given back; nothing is confirmed yet. */
export async function signUpToCode(
  person: Person,
  name: string,
  options: SignUp = {},
): Promise<string> {
  await person.visit();
  await press(person, 'Create account');
  await expect(person.page.getByRole('heading', { name: 'Create your account' })).toBeVisible();
  await fillSignUp(person, name, options);
  await press(person, 'Create account');
  return shownCode(person);
}

/** Makes an account and writes the recovery code down; it is given back. */
export async function signUp(person: Person, name: string, options: SignUp = {}): Promise<string> {
  const code = await signUpToCode(person, name, options);
  await confirmCode(person, code);
  await person.expectMainView();
  return code;
}

/** The recovery code that is shown. */
export async function shownCode(person: Person): Promise<string> {
  const heading = person.page.getByRole('heading', { name: 'Write down your recovery code' });
  await expect(heading).toBeVisible(STRETCHING);
  const group = person.page.getByRole('group', { name: 'Recovery code' });
  await expect(group).toHaveText(/^\s*([0-9A-Z]{5}\s+){7}[0-9A-Z]{5}\s*$/);
  return (await group.innerText()).trim().split(/\s+/).join('-');
}

/** Says that the recovery code that is shown is on paper, and proves it. */
export async function confirmCode(person: Person, code: string): Promise<void> {
  await press(person, 'I have written it down');
  await textbox(person, 'Last group of the code').fill(code.split('-').at(-1) ?? '');
  await press(person, 'Done');
}

/** Types name and password on the page for it, without pressing the button. */
export async function fillSignIn(person: Person, name: string, options: SignIn = {}): Promise<void> {
  await textbox(person, 'User name').fill(name);
  await person.page.getByLabel('Password', { exact: true }).fill(options.password ?? PASSWORD);
  await fillDevice(person, options);
}

/** Goes to the page for signing in. */
export async function visitSignIn(person: Person): Promise<void> {
  await person.visit();
  await press(person, 'Sign in');
  await expect(person.page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
}

/** Tries to sign in; whatever comes of it. */
export async function trySignIn(person: Person, name: string, options: SignIn = {}): Promise<void> {
  await visitSignIn(person);
  await fillSignIn(person, name, options);
  await press(person, 'Sign in');
}

/** Signs in on a new device. */
export async function signIn(person: Person, name: string, options: SignIn = {}): Promise<void> {
  await trySignIn(person, name, options);
  await person.expectMainView();
}

/** Goes to the page for recovering and types everything, without pressing the button. */
export async function fillRecovery(
  person: Person,
  name: string,
  code: string,
  options: Recovery,
): Promise<void> {
  await textbox(person, 'User name').fill(name);
  await textbox(person, 'Recovery code').fill(code);
  await person.page.getByLabel('New password', { exact: true }).fill(options.password);
  const revoke = person.page.getByRole('checkbox', { name: 'Sign out all other devices' });
  await revoke.setChecked(options.revokeOthers ?? false);
  await fillDevice(person, options);
}

/** Gets in with the recovery code, writes down the new one, and gives it back. */
export async function recover(
  person: Person,
  name: string,
  code: string,
  options: Recovery,
): Promise<string> {
  await visitSignIn(person);
  await press(person, 'Forgot password?');
  await fillRecovery(person, name, code, options);
  await press(person, 'Set new password');
  const next = await shownCode(person);
  await confirmCode(person, next);
  await person.expectMainView();
  return next;
}

/** Opens the local store with the account's password. */
export async function unlock(person: Person, password = PASSWORD): Promise<void> {
  await expect(person.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  await person.page.getByLabel('Password', { exact: true }).fill(password);
  await press(person, 'Unlock');
}

/** Loads the page again, and opens the local store. */
export async function reload(person: Person, password = PASSWORD): Promise<void> {
  await person.page.reload();
  await unlock(person, password);
  await person.expectMainView();
}

// Settings

/** Opens one of the dialogs below the settings. */
export async function openSetting(
  person: Person,
  name: 'Profile' | 'Devices' | 'Security' | 'Invitations' | 'Classic bridge',
): Promise<Locator> {
  const settings = await person.openSettings();
  await settings.getByRole('button', { name, exact: true }).click();
  const dialog = person.dialog(name);
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Opens one of the dialogs below `Security`, by its button. */
export async function openSecurity(
  person: Person,
  name: 'Change password' | 'New recovery code' | 'Sign out of this browser' | 'Delete account',
): Promise<Locator> {
  const security = await openSetting(person, 'Security');
  await security.getByRole('button', { name, exact: true }).click();
  const dialog = person.dialog(name);
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Closes all dialogs, however deep. */
export async function closeDialogs(person: Person): Promise<void> {
  const dialog = person.page.getByRole('dialog');
  await expect(async () => {
    if (await dialog.count()) await person.page.keyboard.press('Escape');
    expect(await dialog.count()).toBe(0);
  }).toPass({ intervals: [50] });
}

/** A device in the list of the dialog `Devices`. */
export function device(person: Person, name: string): Locator {
  const list = person.page.getByRole('list', { name: 'Your devices' });
  return list.getByRole('listitem', { name, exact: true });
}

/** Revokes a device by name. */
export async function revoke(person: Person, name: string): Promise<void> {
  const devices = await openSetting(person, 'Devices');
  await devices.getByRole('button', { name: `Revoke ${name}`, exact: true }).click();
  await person.dialog('Revoke device').getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(device(person, name)).toHaveCount(0);
  await closeDialogs(person);
}

export async function changePassword(
  person: Person,
  current: string,
  next: string,
  options: { revokeOthers?: boolean } = {},
): Promise<void> {
  const dialog = await openSecurity(person, 'Change password');
  await dialog.getByLabel('Current password', { exact: true }).fill(current);
  await dialog.getByLabel('New password', { exact: true }).fill(next);
  const revokeOthers = dialog.getByRole('checkbox', { name: 'Sign out all other devices' });
  await revokeOthers.setChecked(options.revokeOthers ?? false);
  await dialog.getByRole('button', { name: 'Change password' }).click();
  await expect(person.notices).toContainText('Your password is changed.');
  await closeDialogs(person);
}

/** Gives a session up that is over, with everything that is left of it here. */
export async function eraseEnded(person: Person): Promise<void> {
  await press(person, 'Erase this browser’s copy');
  await press(person, 'Erase everything here');
  await expect(person.page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
}

/** Switches the classic bridge on or off. */
export async function setBridge(person: Person, on: boolean): Promise<void> {
  const dialog = await openSetting(person, 'Classic bridge');
  await dialog.getByRole('switch', { name: 'Classic bridge' }).click();
  if (!on) {
    const off = person.dialog('Switch the bridge off');
    await off.getByRole('button', { name: 'Switch off' }).click();
  }
  const state = person.page.getByRole('switch', { name: 'Classic bridge' });
  await expect(state).toHaveAttribute('aria-checked', `${on}`);
  await closeDialogs(person);
}

// Other people

/** The page of a contact, by display name. */
export function contactPage(person: Person, name: string): Locator {
  return person.page.getByRole('region', { name: `Contact ${name}`, exact: true });
}

/** A contact in the list, by display name, with whatever stands behind it. */
export function row(person: Person, name: string): Locator {
  return person.people.getByRole('option', { name: new RegExp(`^${name}( |$)`) });
}

/** Opens the page of a contact, from the list or from the conversation. */
export async function openContact(person: Person, name: string): Promise<Locator> {
  const page = contactPage(person, name);
  await row(person, name).click();
  await expect(page.or(person.conversation(name))).toBeVisible();
  if (!(await page.isVisible())) {
    const conversation = person.conversation(name);
    await conversation.getByRole('button', { name: 'Contact', exact: true }).click();
    await expect(page).toBeVisible();
  }
  return page;
}

/** The digits of the safety number on the contact's page that is open. */
export async function safetyNumber(page: Locator): Promise<string> {
  const group = page.getByRole('group', { name: 'Safety number' });
  await expect(group).toHaveText(/^\s*(\d{5}\s+){11}\d{5}\s*$/);
  return (await group.innerText()).trim().split(/\s+/).join(' ');
}

/** Compares a safety code that somebody gave, on the contact's page that is open. */
export async function compareCode(page: Locator, code: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Their code' });
  if (!(await field.isVisible())) await page.getByText('Paste their code').click();
  await field.fill(code);
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
}

// Smaller steps

/** Presses the button of this name, of which there is one. */
export async function press(person: Person, name: string): Promise<void> {
  await person.page.getByRole('button', { name, exact: true }).click();
}

export function textbox(person: Person, name: string): Locator {
  return person.page.getByRole('textbox', { name, exact: true });
}

/** What is told to be wrong, beside a field or below a form. */
export function told(person: Person): Locator {
  return person.page.getByRole('alert').filter({ hasText: /\S/ });
}

export function heading(person: Person, name: string): Locator {
  return person.page.getByRole('heading', { name, exact: true });
}

async function fillDevice(
  person: Person,
  { device: name, stay }: { device?: string; stay?: boolean },
): Promise<void> {
  const box = 'Stay signed in on this browser without password';
  if (stay) await person.page.getByRole('checkbox', { name: box }).check();
  if (name) {
    await person.page.getByText('More', { exact: true }).click();
    await textbox(person, 'Name of this device').fill(name);
  }
}
