// The browser and its settings, the same for all projects.

import type { PlaywrightTestOptions, PlaywrightWorkerOptions } from '@playwright/test';

type Options = Partial<PlaywrightTestOptions & PlaywrightWorkerOptions>;

export const browser: Options = {
  browserName: 'chromium',
  // Nothing may depend on how long an animation takes.
  contextOptions: { reducedMotion: 'reduce' },
  locale: 'en-GB',
  viewport: { width: 1280, height: 800 },
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH || undefined,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};
