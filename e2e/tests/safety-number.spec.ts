import {
  closeDialogs,
  compareCode,
  contactPage,
  openContact,
  row,
  safetyNumber,
  setBridge,
  signIn,
  signUp,
} from '../support/account';
import type { Lie, Middleman } from '../support/middleman';
import type { Person } from '../support/person';
import { bytesAt, change, decode } from '../support/proto';
import { expect, test } from '../support/test';

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

/** The code on the contact's page that is open. */
async function ownCode(person: Person): Promise<string> {
  await person.page.bringToFront();
  await person.page.getByRole('button', { name: /^Cop(y code|ied)$/ }).click();
  await expect(person.page.getByRole('button', { name: 'Copied' })).toBeVisible();
  return person.page.evaluate(() => navigator.clipboard.readText());
}

test('both sides see the same safety number, and verify each other by pasted codes', async ({
  visitor,
}) => {
  const alice = await visitor(CLIPBOARD);
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor(CLIPBOARD);
  await signUp(bob, 'bob', { displayName: 'Bob' });
  const [toBob, toAlice] = [await openContact(alice, 'Bob'), await openContact(bob, 'Alice')];
  const number = await safetyNumber(toBob);
  expect(await safetyNumber(toAlice)).toBe(number);
  await expect(toBob.getByRole('img', { name: /Your safety code/ })).toBeVisible();
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Verified/);

  const [alicesCode, bobsCode] = [await ownCode(alice), await ownCode(bob)];
  await compareCode(toBob, bobsCode);
  await expect(toBob.getByRole('alert')).toContainText('It fits. Bob is verified');
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Verified/);
  await compareCode(toAlice, alicesCode);
  await expect(toAlice.getByRole('alert')).toContainText('It fits. Alice is verified');

  // The mark stays, until it is taken away.
  await alice.page.reload();
  await alice.page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await alice.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Verified/);
  await toBob.getByRole('button', { name: 'Remove mark' }).click();
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Verified/);
  await toBob.getByRole('button', { name: 'Mark as verified' }).click();
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Verified/);
});

test('another number, another code: what does not fit is told and never marks anybody', async ({
  visitor,
}) => {
  const alice = await visitor(CLIPBOARD);
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor(CLIPBOARD);
  await signUp(bob, 'bob', { displayName: 'Bob' });
  const carol = await visitor(CLIPBOARD);
  await signUp(carol, 'carol', { displayName: 'Carol' });
  const toBob = await openContact(alice, 'Bob');
  const number = await safetyNumber(toBob);
  const own = await ownCode(alice);
  expect(await safetyNumber(await openContact(carol, 'Bob'))).not.toBe(number);
  await openContact(bob, 'Alice');
  const right = await ownCode(bob);
  await openContact(carol, 'Alice');
  const carols = await ownCode(carol);

  const bytes = Buffer.from(right.split(':').at(-1) ?? '', 'base64url');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  const wrong = right.replace(/[^:]*$/, bytes.toString('base64url'));
  for (const [code, told] of [
    [wrong, 'It does not fit. Somebody may sit between you and Bob'],
    [carols, 'This is somebody else’s code'],
    [own, 'This is your own code'],
    [right.slice(0, -2), 'This is no safety code of Sotto'],
    ['https://example.org/', 'This is no safety code of Sotto'],
  ] as const) {
    await compareCode(toBob, code);
    await expect(toBob.getByRole('alert').filter({ hasText: told })).toBeVisible();
  }
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Verified/);
});

/** Tells this account's key as another one, wherever it is told. */
function otherKey(name: string, key: Buffer): Lie {
  const lie = (entry: Buffer): Buffer =>
    bytesAt(entry, 3).equals(Buffer.from(name)) ? change(entry, 2, () => key) : entry;
  return (code, payload) => ([4050, 5004].includes(code) ? change(payload, 1, lie) : payload);
}

/** The account key that the gateway told of somebody. */
function keyOf(middleman: Middleman, name: string): Buffer {
  const entries = middleman.passed
    .filter(({ from, code }) => from === 'gateway' && [4050, 5004].includes(code))
    .flatMap(({ payload }) => decode(payload).filter(({ number }) => number === 1))
    .map(({ value }) => value as Buffer);
  const entry = entries.find((entry) => bytesAt(entry, 3).equals(Buffer.from(name)));
  if (!entry) throw new Error(`the gateway never told of ${name}`);
  return bytesAt(entry, 2);
}

test('a changed account key is a loud stop: nothing is written until the user has looked', async ({
  visitor,
  middleman,
}) => {
  const alice = await visitor({ address: middleman.url });
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor();
  await signUp(bob, 'bob', { displayName: 'Bob' });
  const mallory = await visitor();
  await signUp(mallory, 'mallory', { displayName: 'Mallory' });
  await setBridge(alice, true);
  await setBridge(bob, true);
  const page = await openContact(alice, 'Bob');
  const number = await safetyNumber(page);
  await page.getByRole('button', { name: 'Mark as verified' }).click();
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Verified/);
  await page.getByRole('button', { name: 'Classic chat' }).click();
  await alice.write('before the lie');
  await alice.expectState('before the lie', 'stored');

  await expect(row(alice, 'Mallory')).toBeVisible();
  middleman.tell(otherKey('bob', keyOf(middleman, 'mallory')));
  const stop = alice.page.getByRole('alert').filter({ hasText: 'Stop: the key of Bob has changed' });
  await expect(stop).toBeVisible();
  await expect(stop).toContainText('A key that you had verified.');
  await expect(alice.composer).toHaveCount(0);
  // The new key is taken where its number is to be seen, and nowhere else.
  const take = stop.getByRole('button', { name: 'I have looked: use the new key' });
  await expect(take).toHaveCount(0);
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Their key has changed: look first/);
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Verified/);

  // It stays, on the page of the contact and over a reload.
  await stop.getByRole('button', { name: 'Compare safety number' }).click();
  await expect(contactPage(alice, 'Bob')).toBeVisible();
  await expect(stop).toBeVisible();
  expect(await safetyNumber(page)).not.toBe(number);
  await expect(page.getByRole('button', { name: 'Mark as verified' })).toHaveCount(0);
  await alice.page.reload();
  await alice.page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await alice.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(stop).toBeVisible();

  await take.click();
  await expect(stop).toHaveCount(0);
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Verified/);
  await closeDialogs(alice);
});

test('a new device sees what it is told: the safety number tells the lie', async ({
  visitor,
  middleman,
}) => {
  const alice = await visitor({ address: middleman.url });
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor(CLIPBOARD);
  await signUp(bob, 'bob', { displayName: 'Bob' });
  const mallory = await visitor();
  await signUp(mallory, 'mallory', { displayName: 'Mallory' });
  await expect(row(alice, 'Mallory')).toBeVisible();
  middleman.tell(otherKey('bob', keyOf(middleman, 'mallory')));
  const second = await visitor({ address: middleman.url });
  await signIn(second, 'alice');
  const page = await openContact(second, 'Bob');
  await openContact(bob, 'Alice');
  expect(await safetyNumber(page)).not.toBe(await safetyNumber(contactPage(bob, 'Alice')));
  await compareCode(page, await ownCode(bob));
  await expect(page.getByRole('alert')).toContainText('It does not fit');
});
