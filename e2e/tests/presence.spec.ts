// Who is there, who sees it, and who is found.

import {
  PASSWORD,
  closeDialogs,
  contactPage,
  openContact,
  row,
  openSetting,
  press,
  safetyNumber,
  signUp,
  textbox,
} from '../support/account';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

test('contacts come and go before one’s eyes, and those who matter are told of', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice' });
  await expect(alice.page.getByText('Nobody else is here yet.')).toBeVisible();
  const bob = await visitor();
  // Nobody has to look for who is new.
  await Promise.all([
    expect(alice.notices).toContainText('Bob has joined.', { timeout: 60_000 }),
    signUp(bob, 'bob', { displayName: 'Bob', stay: true }),
  ]);
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/@bob · Online/);
  const page = await openContact(alice, 'Bob');
  await expect(page.getByText('Online', { exact: true })).toBeVisible();
  await safetyNumber(page);
  await page.getByRole('button', { name: 'Mark as verified' }).click();
  await expect(row(alice, 'Bob')).toHaveAccessibleName(/Verified/);

  await bob.leave();
  await expect(alice.notices).toContainText('Bob is offline.');
  await expect(page.getByText('Last seen just now')).toBeVisible();
  // A notice passes: it is looked for before it can be there.
  const [back] = await Promise.all([
    bob.comeBack(),
    expect(alice.notices).toContainText('Bob is online.'),
  ]);
  await back.expectMainView();
  await expect(page.getByText('Online', { exact: true })).toBeVisible();
});

async function setProfile(person: Person, name: string, hides: boolean): Promise<void> {
  const profile = await openSetting(person, 'Profile');
  await profile.getByRole('textbox', { name: 'Display name' }).fill(name);
  const box = profile.getByRole('checkbox', { name: 'Do not show others when I am here' });
  await box.setChecked(hides);
  await profile.getByRole('button', { name: 'Save' }).click();
  await expect(person.notices).toContainText('Your profile is saved.');
  await closeDialogs(person);
}

test('who hides when they are here is neither online nor last seen, for anybody', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice', { displayName: 'Alice' });
  const bob = await visitor();
  await signUp(bob, 'bob', { displayName: 'Bob', stay: true });
  const page = await openContact(alice, 'Bob');
  await expect(page.getByText('Online', { exact: true })).toBeVisible();
  await setProfile(bob, 'Bob', true);
  const presence = page.getByText(/^(Online|Offline|Last seen .*)$/);
  await expect(presence).toHaveCount(0);
  await expect(row(alice, 'Bob')).not.toHaveAccessibleName(/Online|Offline|Last seen/);
  await bob.page.reload();
  await bob.expectMainView();
  await alice.page.reload();
  await alice.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press(alice, 'Unlock');
  await alice.expectMainView();
  await expect(contactPage(alice, 'Bob')).toBeVisible();
  await expect(presence).toHaveCount(0);

  await setProfile(bob, 'Bob', false);
  await expect(page.getByText('Online', { exact: true })).toBeVisible();
});

test('another display name is seen at once, and the user name stays', async ({ visitor }) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  const bob = await visitor();
  await signUp(bob, 'bob');
  await expect(alice.listed('bob')).toBeVisible();
  await setProfile(bob, 'Robert Ånström', false);
  await expect(alice.listed('Robert Ånström')).toHaveAccessibleName(/@bob/);
  await expect(bob.conversations).toContainText('Robert Ånström');
});

test.describe('where names are found as a whole only', () => {
  test.use({ settings: { SOTTO_DIRECTORY: 'exact' } });

  test('nobody is listed, and who knows the whole name finds its owner', async ({ visitor }) => {
    const bob = await visitor();
    await signUp(bob, 'robert', { displayName: 'Bob' });
    const alice = await visitor();
    await signUp(alice, 'alice');
    const find = textbox(alice, 'Find by exact name');
    await expect(find).toBeVisible();
    await expect(alice.people.getByRole('option')).toHaveCount(0);
    await find.fill('robe');
    await press(alice, 'Find');
    await expect(find).toHaveAccessibleDescription('There is no account “robe” here.');
    await expect(alice.people.getByRole('option')).toHaveCount(0);
    await find.fill('@Robert');
    await press(alice, 'Find');
    await expect(contactPage(alice, 'Bob')).toBeVisible();
    await expect(row(alice, 'Bob')).toBeVisible();
    // Nobody sees that they were looked for.
    await expect(bob.people.getByRole('option')).toHaveCount(0);
    await alice.page.reload();
    await alice.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(alice, 'Unlock');
    await expect(row(alice, 'Bob')).toBeVisible();
  });
});
