// Moments by the page's own clock. Playwright's locators ask again after longer and longer pauses,
// which is fine for tests and would stand in the figures.

import type { JSHandle, Page } from '@playwright/test';

/** When (`performance.now()`) something that can be used is shown: the first match with this text. */
export async function shownAt(page: Page, selector: string, text = ''): Promise<number> {
  const moment = page.waitForFunction(
    ([selector, text]) => {
      const matches = [...document.querySelectorAll<HTMLElement>(selector)];
      const isUsable = matches.some(
        (element) =>
          element.textContent.includes(text) &&
          element.checkVisibility() &&
          !(element as HTMLInputElement).disabled,
      );
      return isUsable ? performance.now() : false;
    },
    [selector, text] as const,
    { polling: 'raf' },
  );
  return numberOf(await moment);
}

/** When the page's first content was painted. */
export async function paintedAt(page: Page): Promise<number> {
  const moment = page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? false,
    undefined,
    { polling: 'raf' },
  );
  return numberOf(await moment);
}

/** When the next click reaches the page. Ask before clicking; it does not survive a navigation. */
export async function nextClickAt(page: Page): Promise<() => Promise<number>> {
  const clicked = await page.evaluateHandle(() => ({
    at: new Promise<number>((resolve) => {
      addEventListener('click', () => resolve(performance.now()), { capture: true, once: true });
    }),
  }));
  return () => clicked.evaluate(({ at }) => at);
}

async function numberOf(handle: JSHandle): Promise<number> {
  return Number(await handle.jsonValue());
}
