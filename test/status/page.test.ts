/** The page in Debian's Chromium, with a real agent behind it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WatchedAgent } from '../e2e/watched-agent.ts';
import { type Browser, CHROMIUM, openBrowser } from './browser.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PATIENCE_MS = 30_000;
/** As an attacker names a rule or a pod: it must stay text. */
const HOSTILE = `<img src=x onerror="document.title='owned'">`;

const event = (sequence: number): string =>
  `${JSON.stringify({
    process_exec: { process: { binary: '/usr/bin/wget', pod: { name: HOSTILE } } },
    time: '2026-01-02T03:04:05.000000001Z',
    cluster_name: `seq-${sequence}`,
  })}\n`;

describe.skipIf(CHROMIUM === undefined)('the status page in Chromium', { timeout: 60_000 }, () => {
  let watched: WatchedAgent;
  let browser: Browser;
  let url: string;
  const complaints: string[] = [];

  async function open(on: Browser = browser): Promise<Page> {
    const page = await on.context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${url}/`);
    return page;
  }

  beforeAll(async () => {
    watched = await WatchedAgent.start({
      rule: { name: HOSTILE, binary: 'wget', message: 'in {process_exec_process_pod_name}' },
      log: event(0),
      hook: '/a-secret-path',
      settings: {
        PARSEABLE_PASSWORD: 'admin',
        TETRASHIP_NODE_NAME: 'node-<1>',
        TETRASHIP_RETRY_MAX: '500ms',
      },
    });
    url = await watched.url();
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await watched?.[Symbol.asyncDispose]();
  });

  test('shows what the agent does, and nothing that runs or is secret', async () => {
    const page = await open();
    const text = await page.locator('body').textContent();
    for (const words of [
      'All is well',
      'The way of the data',
      watched.place.join('tetragon.log'),
      HOSTILE,
      'node-<1>',
    ])
      expect(text).toContain(words);
    expect(await page.title()).toBe('tetraship on node-<1>');
    expect(await page.locator('img').count()).toBe(0);
    await page.locator('summary').click();
    expect(await page.locator('.settings').textContent()).toMatch(/PARSEABLE_PASSWORD\s*\[set\]/);
    expect(await page.content()).not.toContain('a-secret-path');
  });

  test('lives: new events show without a reload', async () => {
    const page = await open();
    await page.locator('#live[data-state=live]').waitFor({ timeout: PATIENCE_MS });
    for (let i = 1; i < 42; i++) watched.append(event(i));
    await page.locator('#stage-sink', { hasText: /rows delivered\s*42/ }).waitFor({ timeout: PATIENCE_MS });
    await page.locator('#rules', { hasText: /matched\s*42/ }).waitFor({ timeout: PATIENCE_MS });
  });

  test('can be stopped, with the keyboard, and what was opened stays open', async () => {
    const page = await open();
    const live = page.locator('#live');
    await page.locator('#live[data-state=live]').waitFor({ timeout: PATIENCE_MS });
    await page.locator('summary').click();
    await page.keyboard.press('Shift+Tab'); // nothing else can take the focus but the button
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('pause');
    await page.keyboard.press('Enter');
    expect(await live.textContent()).toBe('Paused');
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Enter');
    await page.locator('#live[data-state=live]').waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('details').getAttribute('open')).toBe('');
  });

  test('an outage of the server turns the sending red, with a sentence, and back', async () => {
    const page = await open();
    await page.locator('#stage-sink[data-health=ok]').waitFor({ timeout: PATIENCE_MS });
    await watched.receiver.stop();
    watched.append(event(42));
    await page.locator('#stage-sink[data-health=bad]').waitFor({ timeout: PATIENCE_MS });
    const headline = await page.locator('#headline').textContent();
    expect(headline).toMatch(
      /trouble\s+The server cannot take events since .* UTC: .*ECONNREFUSED.*They are kept/,
    );
    expect(await page.locator('#problems').textContent()).toContain('cannot send');
    const colour = await page
      .locator('#stage-sink .mark')
      .evaluate((element) => element.ownerDocument.defaultView?.getComputedStyle(element).color);
    expect(colour).toBe('rgb(179, 33, 26)');
    await audit(page); // red, too, can be read
    await watched.receiver.restart();
    await page.locator('#stage-sink[data-health=ok]').waitFor({ timeout: PATIENCE_MS });
    await watched.receiver.waitForKeys(43, PATIENCE_MS);
  });

  test('says that it is not live when the agent does not answer', async () => {
    const page = await open();
    await page.locator('#live[data-state=live]').waitFor({ timeout: PATIENCE_MS });
    watched.agent.child.kill('SIGSTOP');
    try {
      await page.locator('#live[data-state=lost]').waitFor({ timeout: PATIENCE_MS });
    } finally {
      watched.agent.child.kill('SIGCONT');
    }
    await page.locator('#live[data-state=live]').waitFor({ timeout: PATIENCE_MS });
  });

  /** Everything that axe-core knows, at the size and in the colours of the page. */
  async function audit(page: Page): Promise<void> {
    // Through the debugger, which the page's policy does not bind.
    await page.evaluate(readFileSync(AXE, 'utf8'));
    const violations: unknown = await page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => id + ': ' + help + ' ' + nodes.map(({ html }) => html).join(' ')))`,
    );
    expect(violations).toEqual([]);
  }

  test.each([
    { width: 1280, height: 900, dark: false },
    { width: 390, height: 844, dark: true },
  ])('has no faults of accessibility at %o, and fits', async (options) => {
    await using own = await openBrowser(options);
    const page = await open(own);
    await page.locator('summary').click();
    await audit(page);
    const overflow: unknown = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
  });

  test('without JavaScript it is a snapshot that says of when', async () => {
    await using own = await openBrowser({ javaScript: false });
    const page = await open(own);
    expect(await page.locator('#live').textContent()).toMatch(/^Snapshot of \d\d:\d\d:\d\d UTC$/);
    expect(await page.locator('#pause').isVisible()).toBe(false);
    expect(await page.locator('#stage-read').textContent()).toContain('well');
  });

  test('nothing of all this was an error in the console', () => expect(complaints).toEqual([]));
});
