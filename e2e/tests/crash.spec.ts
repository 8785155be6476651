import { numbered } from '../support/person';
import { expect, test } from '../support/test';

test('a gateway killed in mid-conversation loses nothing and doubles nothing', async ({
  pair,
  gateway,
}) => {
  const [alice, bob] = await pair();
  await alice.write('from alice 1');
  await bob.open('alice');
  await bob.expectState('from alice 1', 'received');

  const last = 12;
  const talk = async () => {
    for (let n = 2; n <= last; n += 1) {
      await alice.write(`from alice ${n}`);
      await bob.write(`from bob ${n - 1}`);
    }
  };
  const crash = async () => {
    for (let n = 0; n < 2; n += 1) {
      await gateway.kill9();
      await gateway.restart();
    }
  };
  await Promise.all([talk(), crash()]);

  const fromAlice = numbered('from alice', last);
  const fromBob = numbered('from bob', last - 1);
  await bob.expectTexts(/^from alice \d+$/, fromAlice);
  await alice.expectTexts(/^from bob \d+$/, fromBob);
  await alice.expectTexts(/^from alice \d+$/, fromAlice);
  await bob.expectTexts(/^from bob \d+$/, fromBob);
  for (const [person, count] of [
    [alice, fromAlice.length],
    [bob, fromBob.length],
  ] as const) {
    const own = person.log.locator('article[data-state]').filter({ hasText: /from (alice|bob)/ });
    await expect(own.and(person.page.locator('[data-state="stored"]'))).toHaveCount(count);
    await expect(own.and(person.page.locator('[data-state="received"]'))).toHaveCount(23 - count);
  }
});

test('messages that wait for a killed gateway go out once it is back', async ({
  pair,
  gateway,
}) => {
  const [alice, bob] = await pair();
  await alice.write('before');
  await bob.open('alice');
  await bob.expectState('before', 'received');

  await gateway.kill9();
  await expect(alice.connection).toHaveText(/^Offline/);
  for (const text of numbered('waiting', 3)) {
    await alice.write(text);
    await alice.expectState(text, 'queued');
  }
  await expect(alice.message('waiting 1')).toContainText('Queued');
  // They also wait while the page is closed.
  await alice.leave();
  await gateway.restart();
  await expect(bob.connection).toHaveText('Online');
  await expect(bob.message('waiting 1')).toHaveCount(0);

  const back = await alice.comeBack();
  await back.open('bob');
  for (const text of numbered('waiting', 3)) await back.expectState(text, 'stored');
  await bob.expectTexts(/^waiting \d$/, numbered('waiting', 3));
});

test('a first message to somebody waits for the key exchange while there is no server', async ({
  pair,
  gateway,
}) => {
  const [alice, bob] = await pair();
  await gateway.kill9();
  await expect(alice.connection).toHaveText(/^Offline/);
  await alice.write('first words');
  await alice.expectState('first words', 'waiting-for-key');
  await expect(alice.message('first words')).toContainText('Waiting for key');
  await gateway.restart();
  await alice.expectState('first words', 'stored');
  await bob.open('alice');
  await bob.expectTexts(/^first words$/, ['first words']);
});

test('what a killed gateway had stored is delivered after it is back', async ({
  pair,
  gateway,
}) => {
  const [alice, bob] = await pair();
  await bob.leave();
  for (const text of numbered('stored', 4)) await alice.write(text);
  await alice.expectState('stored 4', 'stored');
  await gateway.kill9();
  await alice.leave();
  await gateway.restart();
  const back = await bob.comeBack();
  await back.open('alice');
  await back.expectTexts(/^stored \d$/, numbered('stored', 4));
  await expect(back.page).toHaveTitle('Sotto');
});

test('answers lost on the way lose and double nothing', async ({ pair, middleman }) => {
  const [alice, bob] = await pair(['alice', 'bob'], middleman.url);
  let stored = 0;
  let waiting = 0;
  // Every second confirmation of a send is lost, and some deliveries.
  middleman.lose((code) => {
    if (code === 2103) return (stored += 1) % 2 === 1 && stored < 6;
    if (code === 2104) return (waiting += 1) % 4 === 3 && waiting < 12;
    return false;
  });
  await alice.write('through 1');
  await bob.open('alice');
  await bob.write('back 1');
  await alice.write('through 2');
  await bob.write('back 2');
  await alice.write('through 3');
  await bob.expectTexts(/^through \d$/, numbered('through', 3));
  await alice.expectTexts(/^back \d$/, numbered('back', 2));
  await alice.expectState('through 3', 'stored');
  await alice.expectTexts(/^through \d$/, numbered('through', 3));
  expect(stored).toBeGreaterThan(3);
});
