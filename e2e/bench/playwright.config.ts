// Measures instead of testing: `cargo xtask bench browser`.

import { defineConfig } from '@playwright/test';
import { browser } from '../support/browser';

export default defineConfig({
  testDir: '.',
  testMatch: '*.bench.ts',
  outputDir: '../.artefacts/bench',
  // One after another: they would measure each other.
  fullyParallel: false,
  workers: 1,
  retries: 0,
  timeout: 300_000,
  reporter: 'list',
  use: { ...browser, screenshot: 'off', trace: 'off', video: 'off' },
});
