import { randomBytes } from 'node:crypto';
import { response } from '../support/classic';
import type { Answer, Asked } from '../support/middleman';
import { expect, test } from '../support/test';

test('a lost connection is shown, counted down, and made again by itself', async ({
  person,
  gateway,
}) => {
  const alice = await person('alice');
  await gateway.kill9();
  await expect(alice.connection).toHaveText(/^Offline/);
  await expect(alice.page.getByText('Messages wait here and go out by themselves.')).toBeVisible();
  await expect(alice.page.getByText(/Next try in \d+ s/)).toBeVisible();
  await gateway.restart();
  await expect(alice.connection).toHaveText('Online');
  await expect(alice.page.getByText('Messages wait here')).toBeHidden();
});

test('a gateway that stops in good order is found again', async ({ pair, gateway }) => {
  const [alice, bob] = await pair();
  await gateway.stop();
  await expect(alice.connection).toHaveText(/^Offline/);
  await alice.write('over the restart');
  await gateway.restart();
  await alice.expectState('over the restart', 'stored');
  await bob.open('alice');
  await bob.expectState('over the restart', 'received');
});

test('to a classic identity, a server with another database is reported, and nothing is thrown away', async ({
  person,
  classicPerson,
  middleman,
}) => {
  await person('bob');
  const alice = await classicPerson('Alice', { address: middleman.url });
  await alice.open('bob');
  await alice.write('kept');
  await alice.expectState('kept', 'stored');
  middleman.play(() => ({ send: [response(9000)] }));
  await expect(alice.notices).toContainText('The server does not know you any more');
  await expect(alice.message('kept')).toBeVisible();
  middleman.behave();
  await alice.write('known again');
  await alice.expectState('known again', 'stored');
});

const truncated = response(2104, Buffer.alloc(100)).subarray(0, 40);
const endless = response(2104);
endless.writeUInt32LE(0xffff_ffff, 3);
const lying = Buffer.alloc(25);
lying.writeUInt32LE(1_000_000, 21);

const BAD: Record<string, (asked: Asked) => Answer> = {
  'random bytes': () => ({ send: [randomBytes(200)], hangUp: true }),
  'a code that nobody knows': () => ({ send: [response(4242)] }),
  'the answer to another question': () => ({ send: [response(2102, Buffer.alloc(176))] }),
  'a frame cut short, and the end': () => ({ send: [truncated, Buffer.alloc(0)], hangUp: true }),
  'a size of four gigabytes': () => ({ send: [endless] }),
  'a record that claims more than there is': () => ({ send: [response(2104, lying)] }),
  'an unknown version': () => ({ send: [response(2104, Buffer.alloc(0), 77)] }),
  'two answers to one question': () => ({ send: [response(2104), response(2104)] }),
  'text instead of frames': () => ({ send: ['<h1>hello</h1>'] }),
  'nothing but the end of the connection': () => ({ hangUp: true }),
};

const kinds = Object.entries(BAD);
for (const half of [kinds.slice(0, 5), kinds.slice(5)]) {
  test(`the page survives ${half.map(([name]) => name).join(', ')}`, async ({
    pair,
    middleman,
  }) => {
    const [alice, bob] = await pair(['alice', 'bob'], middleman.url);
    await bob.open('alice');
    await alice.composer.fill('a draft');
    for (const [name, answer] of half) {
      await test.step(name, async () => {
        const before = middleman.connections;
        middleman.play(answer);
        // The pauses between tries grow with every one that leads to nothing.
        const tries = () => middleman.connections - before;
        await expect.poll(tries, { timeout: 45_000 }).toBeGreaterThan(1);
        await expect(alice.composer).toHaveValue('a draft');
        middleman.behave();
        await expect(alice.connection).toHaveText('Online');
      });
    }
    await alice.composer.press('Enter');
    await alice.expectState('a draft', 'stored');
    await bob.expectTexts(/^a draft$/, ['a draft']);
    await expect(alice.log.getByRole('article').filter({ hasText: 'decrypted' })).toHaveCount(0);
  });
}
