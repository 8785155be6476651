import { MIB, picture, randomFile, sha256, sha256OfFile } from '../support/content';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

async function downloaded(person: Person, index: number): Promise<{ name: string; hash: string }> {
  const button = person.files.nth(index).getByRole('button', { name: 'Download' });
  const download = await person.download(button);
  return { name: download.suggestedFilename(), hash: await sha256OfFile(await download.path()) };
}

test('a file of 5 MB arrives byte for byte, both ways', async ({ pair }) => {
  const [alice, bob] = await pair();
  const there = randomFile('there.bin', 5 * MIB);
  const back = randomFile('back.bin', 5 * MIB);

  await alice.sendFiles(there);
  await expect(alice.files.nth(0)).toContainText('there.bin');
  await expect(alice.files.nth(0)).toContainText('5 MB');
  await bob.open('alice');
  await expect(bob.files).toHaveCount(1);
  await expect(bob.files.nth(0)).toContainText('Unnamed file');
  expect((await downloaded(bob, 0)).hash).toBe(sha256(there.buffer));

  await bob.sendFiles(back);
  await expect(alice.files).toHaveCount(2);
  expect((await downloaded(alice, 1)).hash).toBe(sha256(back.buffer));
  // One's own copy too.
  expect(await downloaded(alice, 0)).toEqual({ name: 'there.bin', hash: sha256(there.buffer) });
  await expect(alice.files.nth(0)).toHaveAttribute('data-state', 'stored');
});

test('pictures are shown where they stand, and large on request', async ({ pair }) => {
  const [alice, bob] = await pair();
  await alice.sendFiles(picture('sunset.png', 320, 200));
  await bob.open('alice');
  for (const [person, name] of [
    [alice, 'sunset.png'],
    [bob, 'Unnamed file'],
  ] as const) {
    const image = person.log.getByRole('img', { name: `Picture ${name}` });
    await expect(image).toBeVisible();
    expect(await image.evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(320);
    await person.page.getByRole('button', { name: `Show picture ${name}` }).click();
    const large = person.dialog('Picture').getByRole('img', { name: `Picture ${name}` });
    await expect(large).toBeVisible();
    await person.page.keyboard.press('Escape');
    await expect(person.dialog('Picture')).toBeHidden();
  }
});

test('what is no picture inside is not shown as one', async ({ pair }) => {
  const [alice, bob] = await pair();
  const broken = picture('broken.png', 8, 8);
  broken.buffer = broken.buffer.subarray(0, 40);
  const script = {
    name: 'picture.svg',
    mimeType: 'image/svg+xml',
    buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  };
  await alice.sendFiles(broken, script);
  await bob.open('alice');
  await expect(bob.files).toHaveCount(2);
  await expect(bob.files.nth(0)).toContainText('This picture cannot be shown.');
  await expect(bob.log.getByRole('img', { name: /^Picture/ })).toHaveCount(0);
  expect((await downloaded(bob, 1)).hash).toBe(sha256(script.buffer));
});

test('a received file gets a name, and keeps it over a reload', async ({ pair }) => {
  const [alice, bob] = await pair();
  const file = randomFile('secret.bin', 1000);
  await alice.sendFiles(file);
  await bob.open('alice');
  await bob.files.getByRole('button', { name: 'Rename' }).click();
  const dialog = bob.dialog('Name of the file');
  await dialog.getByRole('textbox', { name: 'File name' }).fill('named by bob.dat');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(bob.files).toContainText('named by bob.dat');
  await bob.page.reload();
  await expect(bob.files).toContainText('named by bob.dat');
  expect(await downloaded(bob, 0)).toEqual({
    name: 'named by bob.dat',
    hash: sha256(file.buffer),
  });
});

test('files can be taken back, dropped and pasted before they are sent', async ({ pair }) => {
  const [alice] = await pair();
  const { page } = alice;
  await page
    .getByLabel('File to attach')
    .setInputFiles([randomFile('one.bin', 10), randomFile('two.bin', 20)]);
  await page.getByRole('button', { name: 'Remove one.bin' }).click();
  await expect(page.getByRole('button', { name: 'Remove one.bin' })).toBeHidden();

  const carrying = (name: string) =>
    page.evaluateHandle((name) => {
      const data = new DataTransfer();
      data.items.add(new File(['content'], name));
      return data;
    }, name);
  const dropped = await carrying('dropped.txt');
  for (const type of ['dragenter', 'dragover', 'drop']) {
    await alice.conversation('bob').dispatchEvent(type, { dataTransfer: dropped });
  }
  await expect(page.getByRole('button', { name: 'Remove dropped.txt' })).toBeVisible();

  await alice.composer.evaluate((field) => {
    const data = new DataTransfer();
    data.items.add(new File(['content'], 'pasted.txt'));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await expect(page.getByRole('button', { name: 'Remove pasted.txt' })).toBeVisible();

  await alice.composer.press('Enter');
  await expect(alice.files).toHaveCount(3);
  for (const [index, name] of ['two.bin', 'dropped.txt', 'pasted.txt'].entries()) {
    await expect(alice.files.nth(index)).toContainText(name);
    await expect(alice.files.nth(index)).toHaveAttribute('data-state', 'stored');
  }
});

test('an empty file is not sent, and arrives as one from others', async ({ person, stranger }) => {
  const other = await stranger('other');
  const alice = await person('alice');
  await alice.open('other');
  const empty = { name: 'empty', mimeType: '', buffer: Buffer.alloc(0) };
  await alice.page.getByLabel('File to attach').setInputFiles(empty);
  await expect(alice.page.getByRole('alert')).toContainText('“empty” is empty');
  await other.sendKey('alice');
  await other.sendFile('alice', Buffer.alloc(0));
  await expect(alice.files).toContainText('0 B');
  expect((await downloaded(alice, 0)).hash).toBe(sha256(Buffer.alloc(0)));
});
