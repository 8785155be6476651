import AxeBuilder from '@axe-core/playwright';
import { picture, randomFile } from '../support/content';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

async function expectNoViolation(person: Person, state: string): Promise<void> {
  await test.step(state, async () => {
    const axe = new AxeBuilder({ page: person.page });
    // All that darkness changes is colours; the other rules have looked at the same page in light.
    const dark = () => matchMedia('(prefers-color-scheme: dark)').matches;
    if (await person.page.evaluate(dark)) axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    }));
    expect.soft(found, state).toEqual([]);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no axe violation before the main view, in ${colorScheme}`, async ({ visitor }) => {
    const alice = await visitor({ colorScheme });
    const { page } = alice;
    await alice.visit();
    await expect(page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
    await expectNoViolation(alice, 'first visit');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('textbox', { name: 'User name' }).fill('Zoë');
    await expectNoViolation(alice, 'signing up');
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expectNoViolation(alice, 'signing in');
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await expectNoViolation(alice, 'recovering');
    await alice.visitClassic();
    await page.getByRole('textbox', { name: 'Your name' }).fill('x'.repeat(300));
    await expectNoViolation(alice, 'a name that is wrong');
    await page.getByRole('button', { name: 'Back' }).click();
    await expectNoViolation(alice, 'import');
    await page.getByLabel('Identity file').setInputFiles(randomFile('alice.sotto', 500));
    await expect(page.getByLabel('Passphrase of the file')).toBeVisible();
    await expectNoViolation(alice, 'import of a sealed file');
    await page.getByRole('button', { name: 'Back' }).click();
    await alice.register('alice');
    await expect(page.getByText('Nobody else is registered here yet.')).toBeVisible();
    await expectNoViolation(alice, 'nobody else here');
    await alice.setPassphrase('correct horse');
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
    await expectNoViolation(alice, 'locked');
    await alice.unlock('wrong');
    await expect(page.getByRole('alert')).toContainText('Wrong passphrase');
    await expectNoViolation(alice, 'locked, wrong passphrase');
  });

  test(`no axe violation in a conversation, in ${colorScheme}`, async ({
    person,
    stranger,
    gateway,
  }) => {
    const other = await stranger('Other Person');
    const alice = await person('alice', { colorScheme });
    const { page } = alice;
    await expectNoViolation(alice, 'people');
    await alice.open('Other Person');
    await expectNoViolation(alice, 'empty conversation');
    await other.send('alice', 3, Buffer.alloc(32, 7));
    await other.send('alice', 99, Buffer.alloc(1));
    await other.sendKey('alice');
    await other.sendText('alice', 'Hello, see https://example.org/');
    await expect(alice.log.getByRole('link', { name: 'https://example.org/' })).toBeVisible();
    await alice.write('Hello');
    await alice.sendFiles(picture('picture.png', 60, 40), randomFile('data.bin', 100));
    await expect(alice.files.last()).toHaveAttribute('data-state', 'stored');
    await expect(alice.log.getByRole('img', { name: 'Picture picture.png' })).toBeVisible();
    await expectNoViolation(alice, 'conversation');
    await page.getByLabel('File to attach').setInputFiles(picture('waiting.png', 60, 40));
    await expectNoViolation(alice, 'an attachment');
    await page.getByRole('button', { name: 'Conversation menu' }).click();
    await expectNoViolation(alice, 'menu');
    await page.keyboard.press('Escape');
    await page.getByRole('searchbox', { name: 'Search people' }).fill('nobody');
    await expectNoViolation(alice, 'search without result');
    await page.getByRole('searchbox', { name: 'Search people' }).fill('');
    await gateway.kill9();
    await expect(alice.connection).toHaveText(/^Offline/);
    await alice.write('waits');
    await expectNoViolation(alice, 'offline');
  });

  test(`no axe violation in any dialog, in ${colorScheme}`, async ({ pair }) => {
    const [alice] = await pair();
    const { page } = alice;
    await page.emulateMedia({ colorScheme });
    await alice.sendFiles(picture('picture.png', 60, 40));
    await page.getByRole('button', { name: 'Classic encryption: weak' }).click();
    await expect(alice.dialog('About this encryption')).toBeVisible();
    await expectNoViolation(alice, 'about this encryption');
    await page.keyboard.press('Escape');
    await alice.files.getByRole('button', { name: 'Rename' }).click();
    await expectNoViolation(alice, 'name of the file');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show picture picture.png' }).click();
    await expectNoViolation(alice, 'picture');
    await page.keyboard.press('Escape');
    const settings = await alice.openSettings();
    await expectNoViolation(alice, 'settings');
    for (const name of ['Set a passphrase', 'Export sealed file', 'Export my.info']) {
      await settings.getByRole('button', { name }).click();
      await expect(alice.dialog(name)).toBeVisible();
      await expectNoViolation(alice, name);
      await page.keyboard.press('Escape');
    }
  });
}

test('no axe violation on a phone', async ({ person, stranger }) => {
  const other = await stranger('other');
  const alice = await person('alice', { viewport: { width: 390, height: 844 }, hasTouch: true });
  await expectNoViolation(alice, 'people on a phone');
  await alice.open('other');
  await other.sendKey('alice');
  await other.sendText('alice', 'hello');
  await alice.expectState('hello', 'received');
  await expectNoViolation(alice, 'conversation on a phone');
});
