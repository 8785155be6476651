import { defineConfig } from '@playwright/test';
import { browser } from './support/browser';

export default defineConfig({
  testDir: 'tests',
  outputDir: '.artefacts/results',
  fullyParallel: true,
  workers: 2,
  // What holds at the second attempt only is told at the end of `cargo xtask test`.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  // Clients ask for new messages every two seconds; a busy machine needs some more.
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    ...browser,
    actionTimeout: 15_000,
    screenshot: 'off',
    // Without snapshots of the page: to take them, Playwright fetches what the policy forbids.
    trace: { mode: 'retain-on-failure', snapshots: false },
    video: 'off',
  },
});
