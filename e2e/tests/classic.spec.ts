// Other people's programs of the classic protocol, played by an independent one.

import { Kind } from '../support/classic';
import { MIB, randomFile, sha256, sha256OfFile } from '../support/content';
import { expect, test } from '../support/test';

for (const [habit, inPackets] of [
  ['on one kept connection', false],
  ['in packets of 1024 bytes', true],
] as const) {
  test(`another program that talks ${habit} exchanges keys, texts and files with a browser`, async ({
    stranger,
    person,
  }) => {
    const other = await stranger('Other Program');
    if (inPackets) other.usePackets();
    const alice = await person('alice');
    await alice.open('Other Program');

    await alice.write('Hello, whoever you are');
    await alice.expectState('Hello, whoever you are', 'stored');
    const [text] = await other.pullContents(1);
    expect(text).toMatchObject({ from: 'alice', text: 'Hello, whoever you are' });
    await expect(alice.listed('Other Program')).toHaveAccessibleName(/^Other Program .*Key exchanged$/);
    await other.sendText('alice', 'Grüße 🦊');
    await alice.expectState('Grüße 🦊', 'received');

    const there = randomFile('there.bin', MIB + 3);
    await alice.sendFiles(there);
    const [file] = await other.pullContents(1);
    expect(sha256(file?.file ?? Buffer.alloc(0))).toBe(sha256(there.buffer));
    const back = randomFile('back.bin', MIB + 5);
    await other.sendFile('alice', back.buffer);
    await expect(alice.files).toHaveCount(2);
    const button = alice.files.nth(1).getByRole('button', { name: 'Download' });
    const download = await alice.download(button);
    expect(await sha256OfFile(await download.path())).toBe(sha256(back.buffer));
  });
}

test('another program asks for a key and gets one without a hand being moved', async ({
  stranger,
  person,
}) => {
  const alice = await person('alice');
  const other = await stranger('other');
  await other.askForKey('alice');
  await alice.open('other');
  await expect(alice.log.getByText('other asked for a key')).toBeVisible();
  await expect(alice.log.getByText('You sent a key')).toBeVisible();
  await other.pull();
  await other.sendText('alice', 'thank you');
  await alice.expectState('thank you', 'received');
});

test('what cannot be decrypted says why, and opens when the key comes', async ({
  stranger,
  person,
}) => {
  const alice = await person('alice');
  const other = await stranger('other');
  other.makeKey('alice');
  await other.sendText('alice', 'too early');
  await other.send('alice', Kind.text, Buffer.alloc(32, 7));
  await alice.open('other');
  const broken = alice.log.getByRole('article').filter({ hasText: 'Could not be decrypted' });
  await expect(broken).toHaveCount(2);
  await expect(broken.first()).toContainText('no key from other');
  await expect(alice.listed('other')).toHaveAccessibleName(/Could not be decrypted/);
  await broken.first().getByRole('button', { name: 'Ask for a key' }).click();
  await expect(alice.log.getByText('You asked for a key')).toBeVisible();
  await other.sendKey('alice');
  await expect(alice.log.getByText('other sent a key')).toBeVisible();
  await alice.expectState('too early', 'received');
  // What is noise under any key stays, and says so.
  await expect(broken).toHaveCount(1);
  await other.sendText('alice', 'now it works');
  await alice.expectState('now it works', 'received');
});

test('a key made for somebody else, and kinds that nobody knows, are borne', async ({
  stranger,
  person,
}) => {
  const alice = await person('alice');
  const other = await stranger('other');
  await other.send('alice', Kind.key, Buffer.alloc(128, 1));
  await other.send('alice', 99, Buffer.from('future'));
  await other.send('alice', Kind.keyRequest, Buffer.alloc(128, 2));
  await alice.open('other');
  await expect(alice.log.getByText(/made for another identity/)).toBeVisible();
  await expect(alice.log.getByText(/kind that Sotto does not know \(number 99\)/)).toBeVisible();
  await expect(alice.log.getByText('other asked for a key')).toBeVisible();
  await other.pull();
  await other.sendText('alice', 'all is well');
  await alice.expectState('all is well', 'received');
});
