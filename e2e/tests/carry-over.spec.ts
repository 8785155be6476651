// A classic identity becomes an account: its user sets a password.

import { PASSWORD } from '../support/person';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

/** From the main view of a classic identity to that of its account. */
async function setPassword(person: Person): Promise<void> {
  const { page } = person;
  await page.getByRole('button', { name: 'Set a password' }).click();
  await expect(page.getByRole('heading', { name: 'Set a password' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('checkbox', { name: /^Stay signed in/ }).check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await person.confirmRecoveryCode();
  await person.expectMainView();
}

test('a classic identity becomes an account and loses nothing', async ({
  classicPerson,
  person,
  stranger,
}) => {
  const other = await stranger('Other Program');
  const bob = await person('bob');
  const alice = await classicPerson('Alice Liddell');
  await alice.open('Other Program');
  await alice.write('before');
  await alice.expectState('before', 'stored');
  expect(await other.pullContents(1)).toMatchObject([{ from: 'Alice Liddell', text: 'before' }]);

  await setPassword(alice);
  await expect(alice.conversations.getByText('Alice Liddell', { exact: true })).toBeVisible();
  await alice.open('Other Program');
  await alice.expectState('before', 'stored');
  // The mailbox is the same, and so are the keys: nothing is exchanged anew.
  await other.sendText('Alice Liddell', 'still there?');
  await alice.expectState('still there?', 'received');
  await alice.write('after');
  await alice.expectState('after', 'stored');
  expect(await other.pullContents(1)).toMatchObject([{ from: 'Alice Liddell', text: 'after' }]);
  await expect(alice.log.getByText('You sent a key')).toHaveCount(1);

  // To accounts it is an account.
  await bob.open('Alice Liddell');
  await bob.page.getByRole('button', { name: 'Contact', exact: true }).click();
  await expect(bob.contact('Alice Liddell')).toContainText('@alice.liddell');
  await expect(bob.people.getByRole('option')).toHaveCount(2);
  await alice.page.reload();
  await alice.expectMainView();
  await expect(alice.page.getByRole('button', { name: 'Set a password' })).toHaveCount(0);
});

test('the identity of another program is brought into a browser and becomes an account', async ({
  stranger,
  visitor,
}) => {
  const charles = await stranger('charles');
  const old = await stranger('Ada');
  await old.sendKey('charles');
  await old.sendText('charles', 'from the old program');
  expect(await charles.pullContents(1)).toMatchObject([{ text: 'from the old program' }]);
  old.close();

  const ada = await visitor();
  await ada.bring(old.myInfo());
  await setPassword(ada);
  await charles.sendText('Ada', 'under a key that stayed behind');
  await charles.sendKey('Ada');
  await ada.open('charles');
  await ada.expectState('under a key that stayed behind', 'received');
  await ada.write('from the account');
  await ada.expectState('from the account', 'stored');
  expect(await charles.pullContents(1)).toMatchObject([{ from: 'Ada', text: 'from the account' }]);
});
