import { expect, test } from '../support/test';

const NAME = `<img src=x onerror="alert('name')">`;
const TEXTS = [
  `<script>alert('text')</script>`,
  `<svg onload=alert(1)>`,
  `"><a href="javascript:alert(1)">click</a>`,
  `javascript:alert('link')`,
  `data:text/html,<script>alert(1)</script>`,
  '{{constructor.constructor("alert(1)")()}}',
  '\u202etxt.exe',
];

test('names and texts are shown as what they are: text', async ({ person, stranger }) => {
  const mallory = await stranger(NAME);
  const alice = await person('alice');
  const dialogs: string[] = [];
  alice.page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await mallory.sendKey('alice');
  for (const text of TEXTS) await mallory.sendText('alice', text);
  await alice.open(NAME);
  await expect(alice.page.getByRole('heading', { name: NAME, exact: true })).toBeVisible();
  for (const text of TEXTS) await expect(alice.log.getByText(text, { exact: true })).toBeVisible();
  await expect(alice.log.getByRole('link')).toHaveCount(0);
  await expect(alice.page.locator('img[src="x"], svg[onload], script:not([src])')).toHaveCount(0);

  await alice.write(TEXTS[0] ?? '');
  await alice.sendFiles({
    name: `<img src=x onerror=alert(2)>.txt`,
    mimeType: 'text/html',
    buffer: Buffer.from('<script>alert(3)</script>'),
  });
  await expect(alice.files).toContainText('img src=x onerror=alert(2)');
  await expect(await alice.openEncryption()).toContainText(NAME);
  expect(dialogs).toEqual([]);
});

test('a display name is shown as what it is: text', async ({ person }) => {
  const alice = await person('alice');
  const dialogs: string[] = [];
  alice.page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await person('mallory', { displayName: NAME });
  await alice.open(NAME);
  await expect(alice.page.getByRole('heading', { name: NAME, exact: true })).toBeVisible();
  await alice.page.getByRole('button', { name: 'Contact', exact: true }).click();
  await expect(alice.contact(NAME).getByRole('heading', { name: NAME, exact: true })).toBeVisible();
  await expect(alice.contact(NAME)).toContainText('@mallory');
  await expect(alice.page.locator('img[src="x"], script:not([src])')).toHaveCount(0);
  expect(dialogs).toEqual([]);
});

test('links lead where they say, in a page of their own that learns nothing', async ({
  person,
  stranger,
}) => {
  const other = await stranger('other');
  const alice = await person('alice');
  await other.sendKey('alice');
  await other.sendText('alice', 'see https://example.org/a?b=c#d, (http://example.com/x_(y)).');
  await other.sendText('alice', 'https://example.org/" onmouseover="alert(1)');
  await alice.open('other');
  const links = alice.log.getByRole('link');
  await expect(links).toHaveText([
    'https://example.org/a?b=c#d',
    'http://example.com/x_(y)',
    'https://example.org/',
  ]);
  for (const link of await links.all()) {
    await expect(link).toHaveAttribute('href', await link.innerText());
    await expect(link).toHaveAttribute('target', '_blank');
    await expect(link).toHaveAttribute('rel', /noopener/);
    await expect(link).toHaveAttribute('rel', /noreferrer/);
    expect(await link.getAttribute('onmouseover')).toBeNull();
  }
});

test('a text of a megabyte does not stop the page', async ({ person, stranger }) => {
  const other = await stranger('other');
  const alice = await person('alice');
  await other.sendKey('alice');
  await other.sendText('alice', 'long '.repeat(200_000));
  await other.sendText('alice', 'after it');
  await alice.open('other');
  await alice.expectState('after it', 'received');
  await expect(alice.page.getByRole('button', { name: 'Show all of it' })).toBeVisible();
});
