// Browser and terminal, over one gateway: the browser by WebSocket, `sotto` by TCP.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB, randomFile, sha256, sha256OfFile } from '../support/content';
import { expect, test } from '../support/test';

test('browser and terminal exchange texts and files', async ({ terminal, person, folder }) => {
  const bob = await terminal('bob');
  const alice = await person('alice');
  await alice.open('bob');

  await alice.write('to the terminal');
  await alice.expectState('to the terminal', 'stored');
  expect(await bob.texts()).toEqual(['to the terminal']);
  await bob.run('send', 'alice', 'to the browser');
  await alice.expectState('to the browser', 'received');

  const there = randomFile('there.bin', 2 * MIB);
  await alice.sendFiles(there);
  await expect(alice.files.nth(0)).toHaveAttribute('data-state', 'stored');
  const [received] = await bob.receive('--files', join(folder, 'received'));
  expect(received).toMatchObject({ kind: 'file', size: 2 * MIB, name: 'alice' });
  expect(await sha256OfFile(String(received?.path))).toBe(sha256(there.buffer));

  const back = randomFile('back.bin', 2 * MIB);
  await writeFile(join(folder, 'back.bin'), back.buffer);
  await bob.run('send-file', 'alice', join(folder, 'back.bin'));
  await expect(alice.files).toHaveCount(2);
  const button = alice.files.nth(1).getByRole('button', { name: 'Download' });
  const download = await alice.download(button);
  expect(await sha256OfFile(await download.path())).toBe(sha256(back.buffer));
});

test('the terminal writes first, and both see the same fingerprints', async ({
  terminal,
  person,
}) => {
  const alice = await person('alice');
  const bob = await terminal('bob');
  await bob.run('send', 'alice', 'I was first');
  await alice.open('bob');
  await alice.expectState('I was first', 'received');
  await alice.write('and I second');
  await alice.expectState('and I second', 'stored');
  expect(await bob.texts()).toEqual(['and I second']);

  const [key] = await bob.run('key', 'alice');
  const [own] = await bob.run('whoami');
  const about = await alice.openEncryption();
  await expect(about).toContainText(String(key?.fingerprint));
  await expect(about).toContainText(String(own?.fingerprint));
});

test('the classic menu talks with a browser, word for word', async ({ menu, person, folder }) => {
  const bob = await menu();
  const says = (text: string | RegExp) => expect.poll(() => bob.output).toMatch(text);
  await says(/MessageU client at your service\.\s+110\) Register/);
  bob.type('110', 'bob');
  await says(/registered/);
  const alice = await person('alice');
  await alice.open('bob');
  bob.type('120', '152', 'alice', '150', 'alice', 'from the menu');
  await alice.expectState('from the menu', 'received');
  await alice.write('to the menu');
  await alice.expectState('to the menu', 'stored');
  bob.type('140');
  await says(/From: alice\nContent:\nto the menu\n\.\n\.\n-----<EOM>-----\n\n/);

  const file = randomFile('from-the-menu.bin', 5000);
  await writeFile(join(folder, file.name), file.buffer);
  bob.type('153', 'alice', join(folder, file.name));
  await expect(alice.files).toHaveCount(1);
  const download = await alice.download(alice.files.getByRole('button', { name: 'Download' }));
  expect(await sha256OfFile(await download.path())).toBe(sha256(file.buffer));
  bob.type('153', 'alice', 'nowhere.bin');
  await says(/file not found/);
});

test('an identity moves from the browser to the terminal and back as my.info', async ({
  person,
  classicPerson,
  terminal,
  visitor,
  folder,
}) => {
  const bob = await person('bob');
  const alice = await classicPerson('Alice');
  await alice.open('bob');
  await alice.write('from the browser');
  await bob.open('Alice');
  await bob.expectState('from the browser', 'received');

  const settings = await alice.openSettings();
  await settings.getByRole('button', { name: 'Export my.info' }).click();
  const dialog = alice.dialog('Export my.info');
  await expect(dialog).toContainText('not encrypted');
  const button = dialog.getByRole('button', { name: 'Export without encryption' });
  const download = await alice.download(button);
  expect(download.suggestedFilename()).toBe('my.info');
  const exported = join(folder, 'my.info');
  await download.saveAs(exported);
  const [name, id, ...key] = (await readFile(exported, 'utf8')).trimEnd().split(/\r?\n/);
  expect(name).toBe('Alice');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(Buffer.from(key.join(''), 'base64').length).toBeGreaterThan(600);
  await alice.leave();

  const moved = await terminal();
  await moved.run('import', exported);
  await moved.run('send', 'bob', 'from the terminal');
  await bob.expectState('from the terminal', 'received');
  await bob.write('still you?');
  await bob.expectState('still you?', 'stored');
  expect(await moved.texts()).toEqual(['still you?']);

  const again = join(folder, 'again.info');
  await moved.run('export', again);
  const returned = await visitor();
  await returned.visitImport();
  await returned.page.getByLabel('Identity file').setInputFiles(again);
  await returned.page.getByRole('button', { name: 'Import' }).click();
  await returned.expectMainView();
  await returned.open('bob');
  await returned.write('back in a browser');
  await bob.expectState('back in a browser', 'received');
});

test('a sealed identity takes contacts and keys along, between browser and terminal', async ({
  person,
  classicPerson,
  terminal,
  visitor,
  folder,
}) => {
  const bob = await person('bob');
  const alice = await classicPerson('Alice');
  await alice.open('bob');
  await alice.write('before the move');
  await bob.open('Alice');
  await bob.expectState('before the move', 'received');
  await bob.write('seen');
  await alice.expectState('seen', 'received');

  const settings = await alice.openSettings();
  await settings.getByRole('button', { name: 'Export sealed file' }).click();
  const dialog = alice.dialog('Export sealed file');
  await dialog.getByLabel('Passphrase for the file').fill('correct horse');
  await dialog.getByLabel('Repeat passphrase').fill('something else');
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('not the same');
  await dialog.getByLabel('Repeat passphrase').fill('correct horse');
  const button = dialog.getByRole('button', { name: 'Export', exact: true });
  const download = await alice.download(button);
  const sealed = join(folder, 'alice.sotto');
  await download.saveAs(sealed);
  expect((await readFile(sealed)).includes('Alice')).toBe(false);
  await alice.leave();
  await bob.write('while moving');
  await bob.expectState('while moving', 'stored');

  const moved = await visitor();
  await moved.visitImport();
  await moved.page.getByLabel('Identity file').setInputFiles(sealed);
  const passphrase = moved.page.getByLabel('Passphrase of the file');
  const doImport = moved.page.getByRole('button', { name: 'Import' });
  await passphrase.fill('wrong horse');
  await doImport.click();
  await expect(moved.page.getByRole('alert')).toContainText('Wrong passphrase');
  await passphrase.fill('correct horse');
  await doImport.click();
  await moved.expectMainView();
  // The key came along: what was sent meanwhile opens.
  await moved.open('bob');
  await moved.expectState('while moving', 'received');
  await moved.leave();
  await bob.write('moving on');
  await bob.expectState('moving on', 'stored');

  const secret = join(folder, 'secret');
  await writeFile(secret, 'correct horse\n');
  const cli = await terminal();
  await cli.run('import', sealed, '--file-passphrase-file', secret);
  expect(await cli.texts()).toEqual(['moving on']);
});

test('what is no identity is not imported', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visitImport();
  const doImport = alice.page.getByRole('button', { name: 'Import' });
  await doImport.click();
  await expect(alice.page.getByRole('alert')).toContainText('Choose your identity file first');
  await alice.page.getByLabel('Identity file').setInputFiles({
    name: 'my.info',
    mimeType: 'text/plain',
    buffer: Buffer.from(`alice\n${'0'.repeat(32)}\nbm8ga2V5\n`),
  });
  await doImport.click();
  await expect(alice.page.getByRole('alert')).toContainText('cannot be imported');
  await alice.page.getByRole('button', { name: 'Back' }).click();
  await expect(alice.page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
  await alice.register('alice');
});
