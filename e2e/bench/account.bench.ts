// What a person waits for: making an account, and signing in on a further device. Both are mostly
// the stretching of passwords, which crypto.bench.ts measures by itself.

import type { Browser, BrowserContext, Page } from '@playwright/test';
import {
  PASSWORD,
  confirmCode,
  fillSignIn,
  fillSignUp,
  press,
  shownCode,
  visitSignIn,
} from '../support/account';
import { Person } from '../support/person';
import { expect, test } from '../support/test';
import { nextClickAt, shownAt } from './clock';
import { showTimes } from './figures';

const ROUNDS = 7;

type Shown = [selector: string, text?: string];
const RECOVERY_CODE: Shown = ['h1', 'Write down your recovery code'];
const CONVERSATIONS: Shown = ['[aria-label="Conversations"]'];

test('signing up and signing in', async ({ browser, gateway }) => {
  const times: Record<string, number[]> = {};
  const measure = async (what: string, button: string, person: Person, ...end: Shown) => {
    const clicked = await nextClickAt(person.page);
    await press(person, button);
    const shown = await shownAt(person.page, ...end);
    (times[what] ??= []).push(shown - (await clicked()));
  };
  console.log();
  for (const stay of [false, true]) {
    const kind = stay ? ', without a lock' : '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `visitor-${round}${stay ? '-stays' : ''}`;
      const first = new Person(...(await open(browser)), gateway.url);
      await first.visit();
      await press(first, 'Create account');
      await fillSignUp(first, name, { stay });
      await measure(`signing up${kind}`, 'Create account', first, ...RECOVERY_CODE);
      await confirmCode(first, await shownCode(first));
      await first.expectMainView();
      if (!stay) {
        await first.page.reload();
        await first.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
        await measure('unlocking', 'Unlock', first, ...CONVERSATIONS);
      }

      const second = new Person(...(await open(browser)), gateway.url);
      await visitSignIn(second);
      await fillSignIn(second, name, { stay });
      await measure(`signing in${kind}`, 'Sign in', second, ...CONVERSATIONS);
      await first.context.close();
      await second.context.close();
    }
  }
  for (const [what, millis] of Object.entries(times)) {
    expect(millis).toHaveLength(ROUNDS);
    showTimes(what, millis);
  }
});

async function open(browser: Browser): Promise<[BrowserContext, Page]> {
  const context = await browser.newContext();
  return [context, await context.newPage()];
}
