// Takes pictures of the main states: `npm run screens`. SCREENS_DIR names the folder for them; the
// one that the README shows goes to docs/images/ as well.

import { defineConfig } from '@playwright/test';
import { browser } from '../support/browser';

export default defineConfig({
  testDir: '.',
  testMatch: '*.screens.ts',
  outputDir: '../.artefacts/screens-results',
  fullyParallel: true,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: { ...browser, actionTimeout: 15_000 },
});
