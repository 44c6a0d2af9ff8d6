/** Debian's Chromium, for tests that look at the page as people do. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { programOf } from '../debian.ts';

export const CHROMIUM = programOf('chromium', 'chromium');

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

export interface BrowserOptions {
  readonly javaScript?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** It makes no connection but those of the pages that a test opens. */
export async function openBrowser({
  javaScript = true,
  width = 1280,
  height = 900,
  dark = false,
}: BrowserOptions = {}): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-chromium-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM ?? '',
    headless: true,
    javaScriptEnabled: javaScript,
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
    ],
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
