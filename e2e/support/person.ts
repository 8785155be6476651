// A person at a browser, in the words of web-client/README.md.

import {
  type BrowserContext,
  type Download,
  type Locator,
  type Page,
  expect,
} from '@playwright/test';
import type { Upload } from './content';

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

  /** Goes to where a classic identity is made. */
  async visitClassic(): Promise<void> {
    await this.visit();
    await this.page.getByRole('button', { name: 'Use a classic identity' }).click();
    await this.page.getByRole('button', { name: /make a new classic identity/ }).click();
  }

  /** Goes from the first visit to the main view, as a classic client. */
  async register(name: string): Promise<void> {
    await this.visitClassic();
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.page.getByRole('button', { name: 'Create identity' }).click();
    await this.expectMainView();
  }

  async expectMainView(): Promise<void> {
    await expect(this.conversations).toBeVisible();
    await expect(this.connection).toHaveText('Online');
  }

  async unlock(passphrase: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(passphrase);
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

  /** Opens the conversation with somebody. */
  async open(name: string): Promise<void> {
    await this.listed(name).click();
    await expect(this.conversation(name)).toBeVisible();
  }

  // Right side

  conversation(name: string): Locator {
    return this.page.getByRole('region', { name: `Conversation with ${name}`, exact: true });
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
