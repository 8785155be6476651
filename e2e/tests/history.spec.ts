import { numbered } from '../support/person';
import { expect, test } from '../support/test';

const LINES = 320;

test('a long history loads backward without a jump, and all of it is there', async ({
  person,
  stranger,
}) => {
  const alice = await person('alice');
  const other = await stranger('talker');
  await other.sendKey('alice');
  for (const line of numbered('line', LINES)) await other.sendText('alice', line);
  await expect(alice.listed('talker')).toHaveAccessibleName(new RegExp(`${LINES} unread`));
  await alice.page.reload();
  await alice.open('talker');
  const newest = alice.page.getByRole('button', { name: 'Newest messages' });
  await newest.click();
  await expect(alice.message(`line ${LINES}`)).toBeInViewport();
  await expect(alice.message('line 1')).toHaveCount(0);

  // Page by page: what is being read does not move while older lines come in above it.
  const oldest = () =>
    alice.log.getByRole('article').first().getAttribute('data-seq').then(Number);
  let pages = 0;
  for (let first = await oldest(); first > 1; pages += 1) {
    const drift = await alice.log.evaluate((log, first) => {
      const scroller = log.closest<HTMLElement>('.timeline') ?? log;
      const rows = () => [...log.querySelectorAll<HTMLElement>('article')];
      scroller.scrollTop = 300;
      const top = scroller.getBoundingClientRect().top;
      const anchor = rows().find((row) => row.getBoundingClientRect().bottom > top);
      const before = anchor?.getBoundingClientRect().top ?? NaN;
      return new Promise<number>((resolve) => {
        let worst = 0;
        let calm = 0;
        // Looks at frames that were painted; what changed since will be painted with the next one.
        let changed = false;
        new MutationObserver(() => (changed = true)).observe(log, { childList: true });
        const look = () => {
          const moved = Math.abs((anchor?.getBoundingClientRect().top ?? NaN) - before);
          if (!changed) worst = Math.max(worst, moved);
          const loaded = Number(rows()[0]?.dataset.seq) < first;
          calm = loaded ? calm + 1 : 0;
          if (calm > 10) resolve(worst);
          else nextFrame();
        };
        const nextFrame = () =>
          requestAnimationFrame(() => {
            changed = false;
            setTimeout(look);
          });
        nextFrame();
      });
    }, first);
    expect(drift, `lines moved while page ${pages + 1} came in`).toBeLessThanOrEqual(2);
    first = await oldest();
  }
  expect(pages).toBeGreaterThan(3);
  await alice.log.evaluate((log) => log.closest('.timeline')?.scrollTo(0, 0));
  await expect(alice.message('line 1')).toBeInViewport();

  await newest.click();
  await expect(alice.message(`line ${LINES}`)).toBeInViewport();
  await other.sendText('alice', 'the end');
  await expect(alice.message('the end')).toBeInViewport();
  await expect(newest).toBeHidden();
});

test('a reader of old lines is not moved by new ones, and is told of them', async ({
  person,
  stranger,
}) => {
  const alice = await person('alice');
  const other = await stranger('talker');
  await other.sendKey('alice');
  for (const line of numbered('line', 60)) await other.sendText('alice', line);
  await expect(alice.listed('talker')).toHaveAccessibleName(/60 unread/);
  await alice.open('talker');
  const newest = alice.page.getByRole('button', { name: 'Newest messages' });
  // What is unread fills more than the view: reading begins above it.
  await newest.click();
  await expect(alice.message('line 60')).toBeInViewport();
  await expect(alice.page).toHaveTitle('Sotto');

  await alice.message('line 60').hover();
  await alice.page.mouse.wheel(0, -900);
  await expect(newest).toBeVisible();
  const anchor = alice.message('line 40');
  await anchor.scrollIntoViewIfNeeded();
  const before = await anchor.boundingBox();
  await other.sendText('alice', 'news');
  await expect(alice.page).toHaveTitle('(1) Sotto');
  await expect(alice.message('news')).not.toBeInViewport();
  expect(Math.abs(((await anchor.boundingBox())?.y ?? NaN) - (before?.y ?? NaN))).toBeLessThan(3);
  await newest.click();
  await expect(alice.message('news')).toBeInViewport();
  await expect(alice.page).toHaveTitle('Sotto');
});
