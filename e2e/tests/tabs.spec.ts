import { PASSWORD, numbered } from '../support/person';
import { expect, test } from '../support/test';

/** What "within a second" may take on a machine that also runs another test. */
const HAND_OVER_MS = 2_000;

test('further tabs are live views of the same conversation', async ({ pair }) => {
  const [alice, bob] = await pair();
  const second = await alice.openTab();
  await second.expectMainView();
  await second.open('bob');
  await bob.open('alice');
  await alice.write('from the first tab');
  await second.expectState('from the first tab', 'stored');
  await second.write('from the second tab');
  await alice.expectState('from the second tab', 'stored');
  await bob.write('to both');
  await alice.expectState('to both', 'received');
  await second.expectState('to both', 'received');
  await bob.expectTexts(/^from the/, ['from the first tab', 'from the second tab']);
});

test('closing the leading tab hands over within a second, and nothing is lost or doubled', async ({
  pair,
}) => {
  const [first, bob] = await pair();
  const second = await first.openTab();
  const third = await first.openTab();
  await second.open('bob');
  await third.open('bob');
  await bob.open('alice');
  const written = /^tabs \d$/;
  for (const [index, tab] of [first, second, third].entries()) {
    await tab.write(`tabs ${index + 1}`);
    await first.expectTexts(written, numbered('tabs', index + 1));
  }
  await bob.expectTexts(written, numbered('tabs', 3));

  // Both are written into the hand-over: one just before it, one in it. What two tabs write at the
  // same moment has no order of its own, but the same one for everybody.
  await second.write('tabs 4');
  await first.leave();
  const closed = Date.now();
  await third.write('tabs 5');
  await third.expectState('tabs 5', 'stored');
  expect(Date.now() - closed).toBeLessThan(HAND_OVER_MS);
  await expect(second.connection).toHaveText('Online');
  await bob.write('heard you');
  for (const tab of [second, third]) await tab.expectState('heard you', 'received');
  await expect(third.log.getByText(written)).toHaveCount(5);
  const texts = await third.log.getByText(written).allInnerTexts();
  expect([...texts].sort()).toEqual(numbered('tabs', 5));
  await second.expectTexts(written, texts);

  await second.leave();
  await third.write('tabs 6');
  await third.expectState('tabs 6', 'stored');
  await bob.expectTexts(written, [...texts, 'tabs 6']);
  await third.expectTexts(written, [...texts, 'tabs 6']);
});

test('a file is sent and read in a tab that does not lead', async ({ pair }) => {
  const [alice, bob] = await pair();
  const second = await alice.openTab();
  await second.open('bob');
  await second.sendFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('tab') });
  await expect(second.files).toHaveAttribute('data-state', 'stored');
  const download = await second.download(second.files.getByRole('button', { name: 'Download' }));
  expect(download.suggestedFilename()).toBe('notes.txt');
  await bob.open('alice');
  await expect(bob.files).toHaveCount(1);
});

test('signing up in one tab opens the other', async ({ visitor }) => {
  const first = await visitor();
  await first.visit();
  const second = await first.openTab();
  await expect(second.page.getByRole('heading', { name: 'Welcome to Sotto' })).toBeVisible();
  await second.register('alice');
  await first.expectMainView();
});

test('a locked store is opened once for all tabs, and stays open when the leader goes', async ({
  visitor,
}) => {
  const first = await visitor();
  await first.signUp('alice', { stay: false });
  const second = await first.openTab();
  await second.expectMainView();
  await first.leave();
  await expect(second.connection).toHaveText('Online');
  await second.page.reload();
  await expect(second.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  const third = await second.openTab();
  await expect(third.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  await third.unlock(PASSWORD);
  await third.expectMainView();
  await second.expectMainView();
});
