// Accounts and the classic protocol: off, on, off again, and what neither can take from the other.

import {
  press,
  row,
  setBridge,
  signUp,
  textbox,
} from '../support/account';
import { ClassicClient } from '../support/classic';
import { expect, test } from '../support/test';

const REGISTERING_REFUSED = 'registering was answered 9000';

test('an account is out of reach of classic clients until its user switches the bridge on, and again after', async ({
  visitor,
  menu,
  stranger,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice Liddell' });
  const other = await stranger('other');
  const bob = await menu();
  const says = (text: string | RegExp) => expect.poll(() => bob.output).toMatch(text);
  await says(/110\) Register/);
  bob.type('110', 'bob', '120');
  await says(/registered[^]*other/);
  expect(bob.output).not.toMatch(/alice/i);
  expect([...(await other.list()).keys()]).toEqual(['bob']);

  await setBridge(alice, true);
  expect([...(await other.list()).keys()].sort()).toEqual(['alice', 'bob']);
  await alice.open('bob');
  bob.type('120', '152', 'alice', '150', 'alice', 'from the menu');
  await alice.expectState('from the menu', 'received');
  await alice.write('to the menu');
  await alice.expectState('to the menu', 'stored');
  bob.type('140');
  await says(/From: alice\nContent:\nto the menu\n\.\n\.\n-----<EOM>-----\n\n/);
  await other.sendKey('alice');
  await other.sendText('alice', 'from another program');
  await alice.open('other');
  await alice.expectState('from another program', 'received');
  await alice.write('to another program');
  expect(await other.pullContents(1)).toMatchObject([{ text: 'to another program' }]);

  await setBridge(alice, false);
  expect([...(await other.list()).keys()]).toEqual(['bob']);
  bob.output = '';
  bob.type('120', '150', 'alice', 'still there?');
  await expect.poll(() => bob.output).toMatch(/other/);
  // What was said stays with who said it.
  await expect(alice.message('from another program')).toBeVisible();
  // On again it is a new mailbox: what was known of the old one leads nowhere.
  await setBridge(alice, true);
  await other.sendKey('alice');
  await other.sendText('alice', 'hello again');
  await alice.open('other');
  await alice.expectState('hello again', 'received');
  await expect(alice.page.getByText('still there?')).toHaveCount(0);
});

test('a classic client cannot take the name of an account, however it is written', async ({
  visitor,
  gateway,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  for (const on of [true, false]) {
    for (const name of ['alice', 'ALICE', 'Alice']) {
      const thief = new ClassicClient(gateway.tcpAddress, name);
      await expect(thief.register()).rejects.toThrow(REGISTERING_REFUSED);
      thief.close();
    }
    await setBridge(alice, on);
  }
  const browser = await visitor();
  await browser.visit();
  await press(browser, 'Use a classic identity');
  await browser.page.getByRole('button', { name: /make a new classic identity/ }).click();
  await textbox(browser, 'Your name').fill('Alice');
  await press(browser, 'Create identity');
  await expect(browser.page.getByRole('alert').filter({ hasText: 'taken' })).toBeVisible();
});

test('an account cannot take the name of a classic client, and is told from one that looks like it', async ({
  visitor,
  stranger,
}) => {
  await stranger('Alice');
  const alice = await visitor();
  await alice.visit();
  await press(alice, 'Create account');
  await textbox(alice, 'User name').fill('alice');
  await alice.page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await press(alice, 'Create account');
  await expect(textbox(alice, 'User name')).toHaveAccessibleDescription(/taken/);

  const bob = await visitor();
  await signUp(bob, 'bob');
  const carol = await visitor();
  await signUp(carol, 'carol');
  await expect(row(carol, 'bob')).toBeVisible();
  // A zero; and a letter of another alphabet.
  await stranger('b0b');
  await stranger('B\u043eb');
  await stranger('somebody');
  await setBridge(carol, true);
  const classic = carol.page.getByRole('group', { name: 'Classic, weakly encrypted' });
  await expect(classic.getByRole('option')).toHaveCount(4);
  const warned = classic.getByRole('option').filter({ hasText: 'not the account @bob' });
  await expect(warned).toHaveCount(2);
  const contacts = carol.page.getByRole('group', { name: 'Contacts' });
  await expect(contacts.getByRole('option')).toHaveCount(1);
});

test('two accounts write to each other over their bridges', async ({ visitor }) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor();
  await signUp(bob, 'bob', { displayName: 'Bob' });
  await row(alice, 'Bob').click();
  await expect(alice.page.getByRole('button', { name: 'Classic chat' })).toHaveCount(0);
  await setBridge(alice, true);
  await setBridge(bob, true);
  await alice.page.getByRole('button', { name: 'Classic chat' }).click();
  await alice.write('over the bridge');
  await alice.expectState('over the bridge', 'stored');
  await bob.open('Alice');
  await bob.expectState('over the bridge', 'received');
  await bob.write('and back');
  await alice.expectState('and back', 'received');
  await expect(alice.page.getByRole('button', { name: 'Classic, weakly encrypted' })).toBeVisible();
  // Once in the list, as an account.
  await expect(alice.people.getByRole('option')).toHaveCount(1);
});
