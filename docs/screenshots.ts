/**
 * Takes the pictures of the status page in docs/images: `node docs/screenshots.ts [MINUTES]`. An agent ships
 * generated events to a pretended server for that long, so that the plots have something to show; then the server
 * goes away. Needs Debian's chromium and a build (`make build`).
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Traffic } from '../bench/demo-traffic.ts';
import { AgentProcess, Workplace } from '../test/e2e/agent.ts';
import { createReceiver, createWebhook } from '../test/receiver/index.ts';
import { type BrowserOptions, CHROMIUM, openBrowser } from '../test/status/browser.ts';

const MINUTE_MS = 60_000;
const EVENTS_PER_SECOND = 500;
const OUTAGE_MS = 20_000;
const PICTURES: readonly (BrowserOptions & { readonly name: string })[] = [
  { name: 'status-wide', width: 1280, height: 1010 },
  { name: 'status-phone', width: 390, height: 844, dark: true },
];

const images = fileURLToPath(new URL('images/', import.meta.url));

async function take(
  url: string,
  options: BrowserOptions & { readonly name: string },
  fullPage: boolean,
): Promise<void> {
  await using browser = await openBrowser(options);
  const page = await browser.context.newPage();
  await page.goto(`${url}/`);
  await page.locator('#live[data-state=live]').waitFor();
  await page.screenshot({ path: `${images}${options.name}.png`, fullPage });
}

async function main(minutes: number): Promise<void> {
  mkdirSync(images, { recursive: true });
  using place = new Workplace();
  await using receiver = await createReceiver({ store: 'keys', mode: 'fast' });
  await using webhook = await createWebhook({ keep: 10 });
  const rules = readFileSync(new URL('../bench/demo-alerts.json', import.meta.url), 'utf8');
  writeFileSync(place.join('alerts.json'), rules.replaceAll('WEBHOOK_URL', webhook.url));
  const log = place.join('tetragon.log');
  await using agent = new AgentProcess(
    place,
    {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: log,
      TETRASHIP_RULES: place.join('alerts.json'),
      TETRASHIP_NODE_NAME: 'node-1',
    },
    ['run'],
    undefined,
    process.env['AGENT'],
  );
  const url = await agent.url();
  const abort = new AbortController();
  const traffic = new Traffic({ logPath: log, rate: EVENTS_PER_SECOND, seconds: Number.POSITIVE_INFINITY });
  const writing = traffic.run(abort.signal, () => receiver.rowCount);
  await sleep(minutes * MINUTE_MS);
  for (const picture of PICTURES) await take(url, picture, picture.dark === true);
  await receiver.stop();
  await sleep(OUTAGE_MS);
  await take(url, { name: 'status-outage', width: 1280, height: 760 }, false);
  abort.abort();
  await writing;
}

if (CHROMIUM !== undefined) await main(Number(process.argv[2] ?? 15));
