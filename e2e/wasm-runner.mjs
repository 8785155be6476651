// Runs one wasm test program in Chromium: cargo's runner for `cargo xtask test wasm`.
//
// wasm-bindgen-test-runner knows how to serve the program; driving the browser is left to
// Playwright, so that all tests of this project run in the same browser with the same settings,
// and no WebDriver of just the right version has to be installed.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium } from '@playwright/test';

const TIMEOUT_MS = 180_000;
const POLL_MS = 100;

const server = spawn('wasm-bindgen-test-runner', process.argv.slice(2), {
  env: {
    ...process.env,
    NO_HEADLESS: '1',
    WASM_BINDGEN_TEST_ADDRESS: '127.0.0.1:0',
    WASM_BINDGEN_TEST_ONLY_WEB: '1',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => server.on('close', resolve));

/** The address that the server names; undefined if it ends without one (no tests in it). */
async function address() {
  for await (const line of createInterface({ input: server.stdout })) {
    const found = line.match(/available at (http:\/\/\S+)/);
    if (found) return found[1];
    console.log(line);
  }
  return undefined;
}

/** What the page has written so far, once that includes a result or a failure to start. */
async function results(page) {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const text = await page.locator('#output').innerText();
    if (/test result: |Worker error: /.test(text)) return text;
    if (Date.now() > end) return `${text}\nno result within ${TIMEOUT_MS / 1000} s`;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const url = await address();
if (!url) process.exit(await ended);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH || undefined,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
let passed = false;
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  await page.goto(url);
  const text = await results(page);
  console.log(text);
  passed = /test result: ok/.test(text);
} finally {
  await browser.close();
  server.kill();
}
process.exit(passed ? 0 : 1);
