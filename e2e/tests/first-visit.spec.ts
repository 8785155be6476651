import { PASSWORD } from '../support/person';
import { expect, test } from '../support/test';

test('the page paints before any WebAssembly has loaded', async ({ visitor }) => {
  const anyone = await visitor();
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await anyone.page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });
  await anyone.page.goto(anyone.address, { waitUntil: 'commit' });
  await expect(anyone.page.getByRole('heading', { name: 'Sotto' })).toBeVisible();
  await expect(anyone.page.getByRole('button')).toHaveCount(0);
  release();
  await expect(anyone.page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
});

test('an account takes a name, a password and a recovery code', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visit();
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  await expect(alice.page.getByRole('heading', { name: 'Create your account' })).toBeVisible();
  const name = alice.page.getByRole('textbox', { name: 'User name' });
  await expect(name).toBeFocused();
  await name.fill('alice');
  await alice.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await alice.page.keyboard.press('Enter');
  await expect(
    alice.page.getByRole('heading', { name: 'Write down your recovery code' }),
  ).toBeVisible();
  expect(await alice.confirmRecoveryCode()).toMatch(/^([0-9A-Z]{5}-){7}[0-9A-Z]{5}$/);
  await alice.expectMainView();
  await expect(alice.conversations.getByText('alice', { exact: true })).toBeVisible();
  const settings = await alice.openSettings();
  await expect(settings).toContainText('@alice');
  // Nothing of it can be read by a classic client until the user wants that.
  await settings.getByRole('button', { name: 'Classic bridge' }).click();
  const bridge = alice.dialog('Classic bridge').getByRole('switch', { name: 'Classic bridge' });
  await expect(bridge).not.toBeChecked();
});

test('the name that others see may be any', async ({ visitor, person }) => {
  const bob = await person('bob');
  const alice = await visitor();
  await alice.signUp('alice.l', { displayName: 'Alice Liddell 🦊' });
  await expect(alice.conversations.getByText('Alice Liddell 🦊', { exact: true })).toBeVisible();
  await expect(bob.listed('Alice Liddell 🦊')).toHaveAccessibleName(/@alice\.l · Online/);
});

test('a recovery code counts as written down when its end is typed', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visit();
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  await alice.fillSignUp('alice');
  const shown = alice.page.getByRole('group', { name: 'Recovery code' }).locator('code');
  await expect(shown).toHaveCount(8);
  const groups = await shown.allInnerTexts();
  // It is still there after a reload, and after being put off.
  await alice.page.reload();
  await expect(shown).toHaveText(groups);
  await alice.page.getByRole('button', { name: 'Later' }).click();
  await alice.expectMainView();
  await alice.page.getByRole('button', { name: 'Show it' }).click();
  await expect(shown).toHaveText(groups);
  await alice.page.getByRole('button', { name: 'I have written it down' }).click();
  const last = alice.page.getByRole('textbox', { name: 'Last group of the code' });
  await last.fill('AAAAA');
  await alice.page.getByRole('button', { name: 'Done' }).click();
  await expect(alice.page.getByRole('alert')).toContainText('not the last group');
  await last.fill((groups[7] ?? '').toLowerCase());
  await alice.page.getByRole('button', { name: 'Done' }).click();
  await alice.expectMainView();
  await alice.page.reload();
  await alice.expectMainView();
  await expect(alice.page.getByRole('button', { name: 'Show it' })).toHaveCount(0);
});

test('user name and password are checked as they are typed', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visit();
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  const name = alice.page.getByRole('textbox', { name: 'User name' });
  const password = alice.page.getByRole('textbox', { name: 'Password' });
  const create = alice.page.getByRole('button', { name: 'Create account' });
  await expect(name).toHaveAttribute('autocomplete', 'username');
  await expect(password).toHaveAttribute('autocomplete', 'new-password');
  await name.fill('Zoë Fox');
  await expect(name).toHaveAccessibleDescription(/small letters a–z/);
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await alice.page.getByRole('button', { name: 'Use “zoe.fox”' }).click();
  await expect(name).toHaveValue('zoe.fox');
  await expect(name).toHaveAttribute('aria-invalid', 'false');
  await name.fill('x'.repeat(33));
  await expect(name).toHaveAccessibleDescription(/at most 32 characters; this one has 33/);
  await name.fill('zoe');

  await password.fill('short');
  await expect(alice.page.getByText('5 more characters.')).toBeVisible();
  for (const [weak, words] of [
    ['short', /at least 10 characters/],
    ['aaaaaaaaaaaa', /different characters/],
    ['zoezoezoezoe', /different characters|does not make the password stronger/],
  ] as const) {
    await password.fill(weak);
    await create.click();
    await expect(password).toHaveAccessibleDescription(words);
    await expect(password).toBeFocused();
  }
  await password.fill(PASSWORD);
  await create.click();
  await alice.confirmRecoveryCode();
  await alice.expectMainView();
});

test('a taken user name is refused in words, and another one is taken up', async ({
  person,
  classicPerson,
  visitor,
}) => {
  await person('alice');
  await classicPerson('Bob');
  const other = await visitor();
  await other.visit();
  await other.page.getByRole('button', { name: 'Create account' }).click();
  await other.fillSignUp('alice');
  const name = other.page.getByRole('textbox', { name: 'User name' });
  await expect(name).toHaveAccessibleDescription(/“alice” is taken/);
  await expect(name).toBeFocused();
  await expect(name).toHaveValue('alice');
  // What a classic identity is called is taken too, however it is written.
  await name.fill('bob');
  await other.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await other.page.getByRole('button', { name: 'Create account' }).click();
  await expect(name).toHaveAccessibleDescription(/“bob” is taken/);
  await name.fill('alice2');
  await other.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await other.page.getByRole('button', { name: 'Create account' }).click();
  await other.confirmRecoveryCode();
  await other.expectMainView();
  await expect(other.listed('alice')).toBeVisible();
});

test('signing up without a server says so, and works once there is one', async ({
  visitor,
  gateway,
}) => {
  const alice = await visitor();
  await alice.visit();
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  const name = alice.page.getByRole('textbox', { name: 'User name' });
  await expect(name).toBeVisible();
  await gateway.stop();
  await alice.fillSignUp('alice');
  const alert = alice.page.getByRole('alert').filter({ hasText: 'Nothing was changed.' });
  await expect(alert).toContainText('no connection');
  await expect(name).toHaveValue('alice');
  await gateway.restart();
  await alice.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  await alice.confirmRecoveryCode();
  await alice.expectMainView();
});

test('signing up that is called off, or cut by a reload, can be begun anew under the same name', async ({
  visitor,
  middleman,
}) => {
  const alice = await visitor({ address: middleman.url });
  await alice.visit();
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  // From now on nothing is answered.
  middleman.play(() => undefined);
  await alice.fillSignUp('alice');
  const underWay = alice.page.getByRole('heading', { name: 'One moment, alice' });
  await expect(underWay).toBeVisible();
  await alice.page.getByRole('button', { name: 'Cancel' }).click();
  await expect(alice.page.getByRole('textbox', { name: 'User name' })).toHaveValue('alice');
  await alice.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await alice.page.getByRole('button', { name: 'Create account' }).click();
  await expect(underWay).toBeVisible();
  middleman.behave();
  await alice.signUp('alice');
});

test('signing up whose answer is lost is not refused as taken', async ({ visitor, middleman }) => {
  let lost = 0;
  // Answers that make a device, or know it again.
  middleman.lose((code) => code === 4015 && (lost += 1) <= 2);
  const alice = await visitor({ address: middleman.url });
  await alice.signUp('alice');
  expect(lost).toBeGreaterThanOrEqual(3);
});

test('a classic identity takes a name and no more', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visitClassic();
  await expect(alice.page.getByRole('heading', { name: 'A classic identity' })).toBeVisible();
  const name = alice.page.getByRole('textbox', { name: 'Your name' });
  await expect(name).toBeFocused();
  await name.fill('Alice Liddell');
  await name.press('Enter');
  await alice.expectMainView();
  await expect(alice.conversations.getByText('Alice Liddell', { exact: true })).toBeVisible();
  const settings = await alice.openSettings();
  await expect(settings).toContainText('Alice Liddell');
  await expect(settings).toContainText(/([0-9a-f]{4} ){4}[0-9a-f]{4}/i);
});

test('a classic name is checked as it is typed', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visitClassic();
  const name = alice.page.getByRole('textbox', { name: 'Your name' });
  const alert = alice.page.getByRole('alert');
  await expect(alert).toHaveCount(0);
  await name.fill('x'.repeat(255));
  await expect(alert).toContainText('too long');
  await expect(name).toHaveAccessibleDescription(/too long: 255 bytes/);
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await name.fill('a\u202eb');
  await expect(alert).toContainText('invisible character');
  await name.fill('');
  await expect(alert).toContainText('Type a name');
  await name.press('Enter');
  await expect(name).toBeFocused();
  await name.fill('Zoë 🦊');
  await expect(alert).toHaveCount(0);
  await expect(name).toHaveAttribute('aria-invalid', 'false');
  await alice.page.getByRole('button', { name: 'Create identity' }).click();
  await alice.expectMainView();
});

test('a taken classic name is refused in words, and another one is taken up', async ({
  classicPerson,
  person,
  visitor,
}) => {
  await classicPerson('alice');
  await person('bob');
  const other = await visitor();
  await other.visitClassic();
  const name = other.page.getByRole('textbox', { name: 'Your name' });
  await name.fill('alice');
  await name.press('Enter');
  await expect(other.page.getByRole('alert')).toContainText('“alice” is taken');
  await expect(name).toBeEnabled();
  await expect(name).toBeFocused();
  await expect(name).toHaveValue('alice');
  // The name of an account belongs to it however it is written.
  await name.fill('BOB');
  await expect(other.page.getByRole('alert')).toHaveCount(0);
  await name.press('Enter');
  await expect(other.page.getByRole('alert')).toContainText('“BOB” is taken');
  await name.fill('Alice');
  await name.press('Enter');
  await other.expectMainView();
  await expect(other.listed('alice')).toBeVisible();
});

test('a classic registration waits for the server, also over a reload', async ({
  visitor,
  gateway,
}) => {
  const alice = await visitor();
  await alice.visitClassic();
  const name = alice.page.getByRole('textbox', { name: 'Your name' });
  await expect(name).toBeVisible();
  await gateway.stop();
  await name.fill('alice');
  await name.press('Enter');
  const progress = alice.page.getByRole('status').filter({ hasText: 'Registering alice' });
  await expect(progress).toBeVisible();
  await gateway.restart();
  await alice.page.reload();
  await alice.expectMainView();
});

test('a classic registration whose answer is lost is not refused as taken', async ({
  visitor,
  middleman,
}) => {
  let lost = 0;
  middleman.lose((code) => code === 2100 && (lost += 1) <= 2);
  const alice = await visitor({ address: middleman.url });
  await alice.registerClassic('alice');
  expect(lost).toBe(3);
});
