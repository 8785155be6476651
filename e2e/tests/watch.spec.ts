// The safety net of all other tests holds.

import { expect, test } from '../support/test';

test('an error in a page, in a worker, or against the policy does not go unnoticed', async ({
  visitor,
  watch,
}) => {
  const anyone = await visitor();
  await anyone.visit();
  await anyone.page.evaluate(() => {
    console.error('on purpose: console');
    setTimeout(() => {
      throw new Error('on purpose: exception');
    });
    const image = document.createElement('img');
    image.src = 'http://127.0.0.1:1/on-purpose.png';
    document.body.append(image);
  });
  await expect.poll(() => anyone.page.workers().length).toBe(1);
  const [worker] = anyone.page.workers();
  await worker?.evaluate(() => console.error('on purpose: worker'));
  for (const kind of [
    /console error: on purpose: console/,
    /uncaught: .*on purpose: exception/,
    /content security policy: img-src/,
    /console error: on purpose: worker/,
  ]) {
    await expect.poll(() => watch.found(false).some((text) => kind.test(text))).toBe(true);
    watch.tolerate(kind);
  }
  // Chromium's own words about the picture.
  watch.tolerate(/on-purpose\.png/);
});

test('the page is served under a policy that runs nothing but its own files', async ({
  gateway,
  request,
}) => {
  const page = await request.get(gateway.url);
  const policy = page.headers()['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'/);
  expect(await page.text()).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|\sstyle=/);
});
