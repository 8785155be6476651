// From navigation to a page that can be used, and what had to be downloaded for it.

import type { BrowserContext, Page } from '@playwright/test';
import { Person } from '../support/person';
import { expect, test } from '../support/test';
import { paintedAt, shownAt } from './clock';
import { show, showTimes } from './figures';

const VISITS = 9;
/** Aim for everything that a visitor downloads, in kB. */
const PAYLOAD_AIM_KB = 600;

interface Times {
  painted: number;
  usable: number;
}

const WAY_IN = '.card button.primary';
const CONVERSATIONS = '[aria-label="Conversations"]';

test('time to usable', async ({ browser, gateway }) => {
  const cold: Times[] = [];
  const warm: Times[] = [];
  const returning: Times[] = [];
  const payloads: number[] = [];
  for (let visit = 0; visit < VISITS; visit += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const payload = countBytes(context);
    cold.push(await navigate(page, gateway.url, WAY_IN));
    // The worker's files come last.
    await page.waitForLoadState('networkidle');
    payloads.push(await payload());
    warm.push(await navigate(page, gateway.url, WAY_IN));

    const person = new Person(context, page, gateway.url);
    await person.register(`visitor-${visit}`);
    returning.push(await navigate(page, gateway.url, CONVERSATIONS));
    await context.close();
  }

  console.log();
  const painted = (times: Times[]): number[] => times.map((time) => time.painted);
  const usable = (times: Times[]): number[] => times.map((time) => time.usable);
  showTimes('first visit, first paint', painted(cold));
  showTimes('first visit, account can be made', usable(cold));
  showTimes('second visit, first paint', painted(warm));
  showTimes('second visit, account can be made', usable(warm));
  showTimes('signed in, conversations shown', usable(returning));
  const kilobytes = Math.max(...payloads) / 1e3;
  const verdict = kilobytes < PAYLOAD_AIM_KB ? 'met' : 'MISSED';
  show('first visit, downloaded', kilobytes, 'kB', `aim under ${PAYLOAD_AIM_KB}: ${verdict}`);
  expect(kilobytes).toBeGreaterThan(0);
});

/** Milliseconds from the beginning of the navigation, by the page's own clock. */
async function navigate(page: Page, address: string, awaited: string): Promise<Times> {
  await page.goto(address, { waitUntil: 'commit' });
  return { usable: await shownAt(page, awaited), painted: await paintedAt(page) };
}

/** Bytes of all bodies that come over the network from now on, compressed as they are sent. */
function countBytes(context: BrowserContext): () => Promise<number> {
  const sizes: Promise<number>[] = [];
  context.on('requestfinished', (request) => {
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  return async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
