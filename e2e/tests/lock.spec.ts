// The local store of an account: what it takes to open it, and what closes it.

import type { Page } from '@playwright/test';
import {
  PASSWORD,
  closeDialogs,
  heading,
  openSetting,
  press,
  reload,
  signUp,
  unlock,
} from '../support/account';
import type { Person } from '../support/person';
import { recordsOf } from '../support/stored';
import { expect, test } from '../support/test';

test('a reload asks for the password; a wrong one is told and opens nothing', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice Liddell' });
  await alice.page.reload();
  for (const wrong of ['wrong horse battery', `${PASSWORD} `]) {
    await unlock(alice, wrong);
    await expect(alice.page.getByRole('alert')).toContainText('Wrong password');
    await expect(alice.page.getByText('Alice Liddell')).toHaveCount(0);
  }
  await unlock(alice);
  await alice.expectMainView();
  await expect(alice.conversations).toContainText('Alice Liddell');
});

test('the password opens what is here without a server, too', async ({ visitor, gateway }) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  await alice.page.reload();
  await expect(heading(alice, 'Welcome back')).toBeVisible();
  await gateway.stop();
  await unlock(alice);
  await expect(alice.conversations).toBeVisible();
  await expect(alice.connection).toContainText('Offline');
  await gateway.restart();
  await expect(alice.connection).toHaveText('Online');
});

test('who stays signed in is not asked, until they want to be again', async ({ visitor }) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { stay: true });
  await alice.page.reload();
  await alice.expectMainView();

  const security = await openSetting(alice, 'Security');
  const stay = alice.page.getByRole('switch', { name: 'Stay signed in without password' });
  await expect(stay).toHaveAttribute('aria-checked', 'true');
  await expect(security.getByRole('button', { name: 'Lock now' })).toBeDisabled();
  await stay.click();
  const ask = alice.dialog('Ask for the password');
  await ask.getByLabel('Password', { exact: true }).fill('wrong horse battery');
  await ask.getByRole('button', { name: 'Ask from now on' }).click();
  await expect(ask.getByRole('alert').filter({ hasText: /\S/ })).toContainText(/wrong/i);
  await ask.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await ask.getByRole('button', { name: 'Ask from now on' }).click();
  await expect(stay).toHaveAttribute('aria-checked', 'false');
  await closeDialogs(alice);
  await reload(alice);

  await openSetting(alice, 'Security');
  await stay.click();
  const stays = alice.dialog('Stay signed in');
  await stays.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await stays.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(stay).toHaveAttribute('aria-checked', 'true');
  await alice.page.reload();
  await alice.expectMainView();
});

test('locking now locks every tab, and one password opens them all', async ({ visitor }) => {
  const first = await visitor();
  await signUp(first, 'alice', { displayName: 'Alice Liddell' });
  const second = await first.openTab();
  await second.expectMainView();
  const security = await openSetting(first, 'Security');
  await security.getByRole('button', { name: 'Lock now' }).click();
  for (const tab of [first, second]) {
    await expect(heading(tab, 'Welcome back')).toBeVisible();
    await expect(tab.page.getByText('Alice Liddell')).toHaveCount(0);
    await expect(tab.page.getByRole('dialog')).toHaveCount(0);
  }
  await unlock(second);
  await second.expectMainView();
  await first.expectMainView();
});

test('signing up in one tab opens the other', async ({ visitor }) => {
  const first = await visitor();
  await first.visit();
  const second = await first.openTab();
  await expect(heading(second, 'Welcome to Sotto')).toBeVisible();
  await signUp(second, 'alice');
  await first.expectMainView();
  await second.leave();
  await first.expectMainView();
});

/** Puts the clock of the page and its worker forward, as a computer does that has slept. */
async function sleep(person: Person, minutes: number): Promise<void> {
  const forward = (millis: number): void => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + millis;
  };
  for (const place of [person.page, ...person.page.workers()]) {
    await (place as Page).evaluate(forward, minutes * 60_000);
  }
}

test('the store locks by itself when nobody was here for as long as was set', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice Liddell' });
  await openSetting(alice, 'Security');
  const after = alice.page.getByRole('combobox', { name: /Lock by itself/ });
  await after.selectOption('5 minutes');
  await closeDialogs(alice);
  await openSetting(alice, 'Security');
  await expect(after.locator('option:checked')).toHaveText('5 minutes');
  await closeDialogs(alice);
  // Whoever does something puts it off.
  for (let quarter = 1; quarter <= 4; quarter += 1) {
    await sleep(alice, 4);
    await alice.page.keyboard.press('Shift');
    await openSetting(alice, 'Devices');
    await expect(alice.page.getByRole('list', { name: 'Your devices' })).toBeVisible();
    await closeDialogs(alice);
  }
  await sleep(alice, 6);
  await alice.page.keyboard.press('Shift');
  await expect(heading(alice, 'Welcome back')).toBeVisible();
  await expect(alice.page.getByText('Alice Liddell')).toHaveCount(0);
  await unlock(alice);
  await alice.expectMainView();
});

test('nothing readable lies in the storage of the browser, no password and no code', async ({
  visitor,
}) => {
  const alice = await visitor();
  const code = await signUp(alice, 'wonderland', { displayName: 'Alice Liddell' });
  const stored = (await recordsOf(alice.page)).join('');
  expect(stored.length).toBeGreaterThan(500);
  const flags = await alice.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  for (const secret of ['wonderland', 'Alice Liddell', PASSWORD, code, code.slice(0, 5)]) {
    expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
    expect(flags).not.toContain(secret);
  }
});

test('a forgotten password is no way around the lock: what is here is erased for the code', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  const before = await recordsOf(alice.page);
  await alice.page.reload();
  await expect(heading(alice, 'Welcome back')).toBeVisible();
  await press(alice, 'Forgot password?');
  await press(alice, 'Back');
  await expect(heading(alice, 'Welcome back')).toBeVisible();
  await press(alice, 'Forgot password?');
  await press(alice, 'Erase this browser’s copy and use the code');
  await expect(heading(alice, 'Set a new password')).toBeVisible();
  const left = new Set(await recordsOf(alice.page));
  expect(before.filter((record) => record.length >= 64 && left.has(record))).toEqual([]);
});
