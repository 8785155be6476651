// The cryptography in the worker: classic keys, AES beside the browser's own, and what makes up the
// time that accounts take.

import type { Page } from '@playwright/test';
import { type Gateway } from '../support/gateway';
import { expect, test } from '../support/test';
import { median, show, showTimes } from './figures';

/** Workers that are started, each in a browser profile that has compiled nothing yet. */
const WORKERS = 7;
/** How often each worker measures; the first time it is cold. */
const ROUNDS = 2;
/** As much as the worker encrypts at once. */
const BULK = 16 << 20;

/** What the worker answers to `bench`; see web-client/src/worker/bench.rs. */
interface Figures {
  rsaKeygenMs: number[];
  aesEncryptMBps: number;
  aesDecryptMBps: number;
  intact: boolean;
  argon2idMs: number[];
  opaqueRegisterMs: number[];
  opaqueLoginStartMs: number[];
  accountKeysMs: number[];
}

test('cryptography in the worker', async ({ browser, gateway }) => {
  const cold: Figures[] = [];
  const warm: Figures[] = [];
  const native: { encrypt: number; decrypt: number }[] = [];
  for (let run = 0; run < WORKERS; run += 1) {
    const context = await browser.newContext();
    const page = await blankPage(await context.newPage(), gateway);
    const [first, ...others] = await inWorker(page);
    cold.push(...(first ? [first] : []));
    warm.push(...others);
    native.push(await inWebCrypto(page));
    await context.close();
  }
  expect([cold.length, warm.length]).toEqual([WORKERS, WORKERS * (ROUNDS - 1)]);
  expect([...cold, ...warm].every((run) => run.intact && run.rsaKeygenMs.length > 1)).toBe(true);

  const encrypt = (runs: Figures[]): number => median(runs.map((run) => run.aesEncryptMBps));
  const decrypt = (runs: Figures[]): number => median(runs.map((run) => run.aesDecryptMBps));
  const nativeEncrypt = median(native.map((run) => run.encrypt));
  const nativeDecrypt = median(native.map((run) => run.decrypt));
  const beside = (own: number, theirs: number): string =>
    `${((own / theirs) * 100).toFixed(0)} % of WebCrypto's ${theirs.toFixed(0)}`;
  console.log();
  showTimes('key generation, first in a worker', cold.map((run) => run.rsaKeygenMs[0] ?? Number.NaN));
  showTimes('key generation, warm', warm.flatMap((run) => run.rsaKeygenMs));
  const runs = [...cold, ...warm];
  expect(runs.every((run) => run.opaqueRegisterMs.length > 1)).toBe(true);
  showTimes('Argon2id, 64 MiB, 3 passes', runs.flatMap((run) => run.argon2idMs));
  showTimes('OPAQUE registration with it', runs.flatMap((run) => run.opaqueRegisterMs));
  showTimes('OPAQUE login, first step', runs.flatMap((run) => run.opaqueLoginStartMs));
  showTimes('account key, device key, certificate', runs.flatMap((run) => run.accountKeysMs));
  for (const [state, runs] of [['first', cold], ['warm', warm]] as const) {
    show(`AES-128-CBC encrypt, ${state}`, encrypt(runs), 'MB/s', beside(encrypt(runs), nativeEncrypt));
    show(`AES-128-CBC decrypt, ${state}`, decrypt(runs), 'MB/s', beside(decrypt(runs), nativeDecrypt));
  }
});

/** A page of the gateway's origin without the app, so that nothing else runs. */
async function blankPage(page: Page, gateway: Gateway): Promise<Page> {
  const address = `${gateway.url}blank`;
  const empty = { contentType: 'text/html', body: '<!doctype html><title>blank</title>' };
  await page.route(address, (route) => route.fulfill(empty));
  await page.goto(address);
  return page;
}

/** Starts the app's worker and asks it for its figures, again and again. */
function inWorker(page: Page): Promise<Figures[]> {
  return page.evaluate(async (rounds) => {
    const source = await (await fetch('/')).text();
    const app = new DOMParser().parseFromString(source, 'text/html');
    const script = app.querySelector<HTMLMetaElement>('meta[name=sotto-worker]')?.content;
    if (!script) throw new Error('the page names no worker');
    const worker = new Worker(script, { type: 'module' });
    return new Promise<Figures[]>((resolve, reject) => {
      const figures: Figures[] = [];
      let isAsked = false;
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        const isAnswer = data && typeof data === 'object' && 'rsaKeygenMs' in data;
        if (isAnswer) figures.push(data as Figures);
        if (figures.length === rounds) {
          worker.terminate();
          resolve(figures);
        } else if (isAnswer || !isAsked) {
          // Its very first message says that it listens.
          isAsked = true;
          worker.postMessage('bench');
        }
      };
    });
  }, ROUNDS);
}

/** The same bulk work by the browser's own AES-CBC, the better of two runs. */
function inWebCrypto(page: Page): Promise<{ encrypt: number; decrypt: number }> {
  return page.evaluate(async (size) => {
    const algorithm = { name: 'AES-CBC', iv: new Uint8Array(16) };
    const raw = crypto.getRandomValues(new Uint8Array(16));
    const key = await crypto.subtle.importKey('raw', raw, 'AES-CBC', false, ['encrypt', 'decrypt']);
    const plaintext = new Uint8Array(size).fill(0x5a);
    const speed = (begin: number): number => size / 1e3 / (performance.now() - begin);
    let encrypt = 0;
    let decrypt = 0;
    for (let run = 0; run < 2; run += 1) {
      let begin = performance.now();
      const ciphertext = await crypto.subtle.encrypt(algorithm, key, plaintext);
      encrypt = Math.max(encrypt, speed(begin));
      begin = performance.now();
      await crypto.subtle.decrypt(algorithm, key, ciphertext);
      decrypt = Math.max(decrypt, speed(begin));
    }
    return { encrypt, decrypt };
  }, BULK);
}
