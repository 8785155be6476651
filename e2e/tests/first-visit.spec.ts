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
  await expect(anyone.page.getByRole('textbox')).toHaveCount(0);
  release();
  await expect(anyone.page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
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

test('a name is checked as it is typed', async ({ visitor }) => {
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

test('a taken name is refused in words, and another one is taken up', async ({
  person,
  visitor,
}) => {
  await person('alice');
  const other = await visitor();
  await other.visitClassic();
  const name = other.page.getByRole('textbox', { name: 'Your name' });
  await name.fill('alice');
  await name.press('Enter');
  await expect(other.page.getByRole('alert')).toContainText('“alice” is taken');
  await expect(name).toBeEnabled();
  await expect(name).toBeFocused();
  await expect(name).toHaveValue('alice');
  await name.fill('Alice');
  await expect(other.page.getByRole('alert')).toHaveCount(0);
  await name.press('Enter');
  await other.expectMainView();
  await expect(other.listed('alice')).toBeVisible();
});

test('a registration waits for the server, also over a reload', async ({ visitor, gateway }) => {
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

test('a registration whose answer is lost is not refused as taken', async ({
  visitor,
  middleman,
}) => {
  let lost = 0;
  middleman.lose((code) => code === 2100 && (lost += 1) <= 2);
  const alice = await visitor({ address: middleman.url });
  await alice.register('alice');
  expect(lost).toBe(3);
});
