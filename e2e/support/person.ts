// A person at a browser, in the words of web-client/README.md.

import {
  type BrowserContext,
  type Download,
  type Locator,
  type Page,
  expect,
} from '@playwright/test';
import type { Upload } from './content';

/** The password of everybody whose test does not care. */
export const PASSWORD = 'plain words in a row';

/** An account takes two rounds of Argon2id, which a busy machine needs its time for. */
const SIGN_UP_MS = 45_000;

/** What is typed when an account is made. */
export interface SignUp {
  /** The name otherwise. */
  displayName?: string;
  password?: string;
  invitation?: string;
  /** Whether this browser opens without the password from now on: yes. */
  stay?: boolean;
}

/** `data-state` of a message. */
export type State = 'waiting-for-key' | 'queued' | 'sending' | 'stored' | 'failed' | 'received';

export class Person {
  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly address: string,
  ) {}

  // Pages

  async visit(): Promise<void> {
    await this.page.goto(this.address);
  }

  /**
   * Goes from the first visit to the main view with an account, and switches its classic bridge
   * on, so that this person and classic people can write to each other.
   */
  async register(name: string, options: SignUp = {}): Promise<void> {
    await this.signUp(name, options);
    await this.switchBridgeOn();
  }

  /** Goes from the first visit to the main view with an account. Its recovery code. */
  async signUp(name: string, options: SignUp = {}): Promise<string> {
    await this.visit();
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.fillSignUp(name, options);
    const code = await this.confirmRecoveryCode();
    await this.expectMainView();
    return code;
  }

  /** Fills in the page on which an account is made, and sends it off. */
  async fillSignUp(name: string, options: SignUp = {}): Promise<void> {
    const { displayName, password = PASSWORD, invitation, stay = true } = options;
    const field = (label: string) => this.page.getByRole('textbox', { name: label, exact: true });
    if (invitation !== undefined) await field('Invitation code').fill(invitation);
    await field('User name').fill(name);
    if (displayName !== undefined) await field('Display name (optional)').fill(displayName);
    await field('Password').fill(password);
    if (stay) await this.page.getByRole('checkbox', { name: /^Stay signed in/ }).check();
    await this.page.getByRole('button', { name: 'Create account' }).click();
  }

  /** Goes from the page that shows the recovery code to the one after it. The code. */
  async confirmRecoveryCode(): Promise<string> {
    const shown = this.page.getByRole('group', { name: 'Recovery code' }).locator('code');
    await expect(shown).toHaveCount(8, { timeout: SIGN_UP_MS });
    const groups = await shown.allInnerTexts();
    await this.page.getByRole('button', { name: 'I have written it down' }).click();
    await this.page.getByRole('textbox', { name: 'Last group of the code' }).fill(groups[7] ?? '');
    await this.page.getByRole('button', { name: 'Done' }).click();
    return groups.join('-');
  }

  /** Fills in the page on which a further device is signed in, from the first visit on. */
  async fillSignIn(name: string, { password = PASSWORD, stay = true }: SignUp = {}): Promise<void> {
    await this.visit();
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('textbox', { name: 'User name' }).fill(name);
    await this.page.getByRole('textbox', { name: 'Password' }).fill(password);
    if (stay) await this.page.getByRole('checkbox', { name: /^Stay signed in/ }).check();
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Goes from the first visit to the main view of an account that exists. */
  async signIn(name: string, options?: SignUp): Promise<void> {
    await this.fillSignIn(name, options);
    await this.expectMainView();
  }

  /** Switches the classic bridge on, and comes back to the main view. */
  async switchBridgeOn(): Promise<void> {
    const dialog = await this.openSetting('Classic bridge');
    await dialog.getByRole('switch', { name: 'Classic bridge' }).click();
    await expect(dialog.getByText('Your fingerprint')).toBeVisible();
    await this.closeDialogs();
  }

  /** Goes to where a classic identity is brought along from a file. */
  async visitImport(): Promise<void> {
    await this.visit();
    await this.page.getByRole('button', { name: 'Use a classic identity' }).click();
    await expect(this.page.getByRole('heading', { name: 'Bring your identity' })).toBeVisible();
  }

  /** Goes to where a classic identity is made. */
  async visitClassic(): Promise<void> {
    await this.visitImport();
    await this.page.getByRole('button', { name: /make a new classic identity/ }).click();
  }

  /** Goes from the first visit to the main view with a classic identity from a file. */
  async bring(identity: Upload): Promise<void> {
    await this.visitImport();
    await this.page.getByLabel('Identity file').setInputFiles(identity);
    await this.page.getByRole('button', { name: 'Import' }).click();
    await this.expectMainView();
  }

  /** Goes from the first visit to the main view without an account. */
  async registerClassic(name: string): Promise<void> {
    await this.visitClassic();
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.page.getByRole('button', { name: 'Create identity' }).click();
    await this.expectMainView();
  }

  async expectMainView(): Promise<void> {
    await expect(this.conversations).toBeVisible();
    await expect(this.connection).toHaveText('Online');
  }

  /** Types the password of the account, or the passphrase of the classic identity. */
  async unlock(secret: string): Promise<void> {
    await this.page.getByRole('textbox', { name: /^(Password|Passphrase)$/ }).fill(secret);
    await this.page.getByRole('button', { name: 'Unlock' }).click();
  }

  /** The same person in a further tab. */
  async openTab(): Promise<Person> {
    const tab = new Person(this.context, await this.context.newPage(), this.address);
    await tab.visit();
    return tab;
  }

  /** Closes the tab; keys and messages stay in the browser. */
  async leave(): Promise<void> {
    await this.page.close();
  }

  /** Opens the page again after [`leave`]. */
  async comeBack(): Promise<Person> {
    return this.openTab();
  }

  // Left side

  get conversations(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  get connection(): Locator {
    return this.page.getByRole('status', { name: 'Connection' });
  }

  get people(): Locator {
    return this.page.getByRole('listbox', { name: 'People' });
  }

  /** Somebody in the list. */
  listed(name: string): Locator {
    const exactly = this.page.getByText(name, { exact: true });
    return this.people.getByRole('option').filter({ has: exactly });
  }

  /** Opens the classic conversation with somebody. */
  async open(name: string): Promise<void> {
    // Somebody with an account is one person, whatever mailboxes they have.
    await expect(this.listed(name)).toHaveCount(1);
    await this.listed(name).click();
    const contact = this.contact(name);
    await expect(this.conversation(name).or(contact)).toBeVisible();
    // Whose mailbox is not known yet when they are clicked has a page of their own first.
    if (await contact.isVisible()) await contact.getByRole('button', { name: 'Classic chat' }).click();
    await expect(this.conversation(name)).toBeVisible();
  }

  // Right side

  conversation(name: string): Locator {
    return this.page.getByRole('region', { name: `Conversation with ${name}`, exact: true });
  }

  /** The page of somebody who has an account. */
  contact(name: string): Locator {
    return this.page.getByRole('region', { name: `Contact ${name}`, exact: true });
  }

  /** Opens what is said about the encryption of the conversation that is open. */
  async openEncryption(): Promise<Locator> {
    await this.page.getByRole('button', { name: /^Classic(, weakly encrypted| encryption: weak)$/ }).click();
    const dialog = this.dialog('About this encryption');
    await expect(dialog).toBeVisible();
    return dialog;
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  /** Writes into the conversation that is open. */
  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Sends files in the conversation that is open. */
  async sendFiles(...files: Upload[]): Promise<void> {
    await this.page.getByLabel('File to attach').setInputFiles(files);
    for (const file of files) {
      await expect(this.page.getByRole('button', { name: `Remove ${file.name}` })).toBeVisible();
    }
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
  }

  /** A message with this text, and nothing else, in the conversation that is open. */
  message(text: string): Locator {
    return this.log
      .getByRole('article')
      .filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** Messages with files in them. */
  get files(): Locator {
    return this.log
      .getByRole('article')
      .filter({ has: this.page.getByRole('button', { name: 'Download' }) });
  }

  async expectState(text: string, state: State): Promise<void> {
    await expect(this.message(text)).toHaveAttribute('data-state', state);
  }

  /** Everything that matches, in order: nothing more, nothing less, nothing twice. */
  async expectTexts(pattern: RegExp, texts: string[]): Promise<void> {
    await expect(this.log.getByText(pattern)).toHaveText(texts);
  }

  /** Presses what leads to a download. */
  async download(button: Locator): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), button.click()]);
    return download;
  }

  // Dialogs

  dialog(name: string): Locator {
    return this.page.getByRole('dialog', { name, exact: true });
  }

  async openSettings(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'Settings' }).click();
    const dialog = this.dialog('Settings');
    await expect(dialog).toBeVisible();
    return dialog;
  }

  /** Opens one of the dialogs that settings lead to. */
  async openSetting(name: string): Promise<Locator> {
    const settings = await this.openSettings();
    await settings.getByRole('button', { name, exact: true }).click();
    await expect(this.dialog(name)).toBeVisible();
    return this.dialog(name);
  }

  /** Closes the dialog that is open, and those that it was opened from. */
  async closeDialogs(): Promise<void> {
    const close = this.page.getByRole('dialog').getByRole('button', { name: 'Close' });
    while (await close.isVisible()) await close.click();
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
  }

  async setPassphrase(passphrase: string): Promise<void> {
    const settings = await this.openSettings();
    await settings.getByRole('button', { name: 'Set a passphrase' }).click();
    const dialog = this.dialog('Set a passphrase');
    await dialog.getByLabel('New passphrase', { exact: true }).fill(passphrase);
    await dialog.getByLabel('Repeat passphrase', { exact: true }).fill(passphrase);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog).toBeHidden();
    await expect(settings.getByRole('button', { name: 'Remove passphrase' })).toBeVisible();
    await settings.getByRole('button', { name: 'Close' }).click();
    await expect(settings).toBeHidden();
  }

  get notices(): Locator {
    return this.page.getByRole('status', { name: 'Notices' });
  }
}

/** Texts `word 1` to `word count`. */
export function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);
}
