/**
 * The whole of tetraship on one machine in a few seconds: events as Tetragon writes them, the agent, and a server
 * that takes the place of Parseable. Exit code 0 only if nothing was lost, both alerts came and the agent ended well.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWebhook, type Webhook } from '../test/receiver/index.ts';
import { Monitor } from './demo-monitor.ts';
import { DemoError, type DemoOptions, HELP, parseOptions } from './demo-options.ts';
import { Screen } from './demo-screen.ts';
import {
  addressOf,
  buildKernelIfMissing,
  startAgent,
  startReceiver,
  temporaryFolder,
  writeRules,
} from './demo-start.ts';
import { Traffic } from './demo-traffic.ts';
import { type Alert, failures, type Outcome, summary } from './demo-view.ts';

const EXPECTED_ALERTS = ['wget_command', 'curl_command'];

/** When nothing has arrived for this long after the writer stopped, nothing more will. */
const STALL_LIMIT_MS = 5000;
const DRAIN_LOOK_MS = 50;
/** The agent's own grace is 20 s. */
const STOP_LIMIT_MS = 25_000;
const EXIT_INTERRUPTED = 130;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else process.exitCode = await demo(options);
} catch (error) {
  const text = error instanceof DemoError ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`${String(text)}\n`);
  process.exitCode = 1;
}
// Whatever still runs (a request under way, a child) must not keep a finished demo; the exit handlers end it.
process.exit();

async function demo(options: DemoOptions): Promise<number> {
  const interrupted = interruption();
  buildKernelIfMissing();
  const folder = temporaryFolder(options.keep);
  const logPath = join(folder, 'tetragon.log');
  const screen = new Screen(process.stdout);
  const alerts: Alert[] = [];

  const traffic = new Traffic({ logPath, rate: options.rate, seconds: options.seconds });
  const webhook = await createWebhook();
  collectAlerts(webhook, traffic, alerts, screen);
  const receiver = startReceiver(options);
  const receiverUrl = await addressOf(receiver);
  const agent = startAgent(options, {
    ...{ folder, logPath, receiverUrl },
    rulesPath: writeRules(folder, webhook.url),
  });
  const agentUrl = await addressOf(agent);

  const monitor = new Monitor(traffic, alerts, { logPath, agentUrl, receiverUrl });
  screen.begin(monitor.view());
  const watched = new AbortController();
  const watching = monitor.run(watched.signal);
  const drawing = drawUntil(watched.signal, screen, monitor);

  monitor.doing = 'writing; Ctrl-C to finish';
  const startMs = performance.now();
  const ended = agent.exited.then(() => 'the agent ended');
  await traffic.run(
    AbortSignal.any([interrupted, timeLimit(options.seconds), abortedBy(ended)]),
    () => monitor.stored.unique,
  );
  const seconds = (performance.now() - startMs) / 1000;

  monitor.doing = 'waiting for the last events';
  await drain(monitor, ended);
  monitor.doing = 'stopping the agent';
  const agentExit = await agent.stop(STOP_LIMIT_MS);
  monitor.doing = 'done';
  watched.abort();
  await Promise.all([watching, drawing]);
  await monitor.look();
  screen.draw(monitor.view());

  const { stored } = monitor;
  const outcome: Outcome = {
    ...{ written: traffic.writer, seconds, stored, alerts, agentExit },
    expectedAlerts: EXPECTED_ALERTS,
  };
  const failed = failures(outcome).length > 0;
  if (failed)
    screen.print(['', "  the agent's last words:", ...agent.lastLines.map((line) => `    ${line}`)]);
  screen.print(summary(outcome));
  if (options.keep) screen.print([`  kept: ${folder}`, '']);
  await receiver.stop(STOP_LIMIT_MS);
  return failed ? 1 : 0;
}

/** Aborts on the first Ctrl-C (or SIGTERM, or a closed terminal), so that the demo ends in order; a second ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
      controller.abort();
    });
  }
  return controller.signal;
}

function timeLimit(seconds: number): AbortSignal {
  return seconds === Number.POSITIVE_INFINITY
    ? new AbortController().signal
    : AbortSignal.timeout(seconds * 1000);
}

function abortedBy(event: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  event.then(() => controller.abort());
  return controller.signal;
}

function collectAlerts(webhook: Webhook, traffic: Traffic, alerts: Alert[], screen: Screen): void {
  webhook.answer = ({ body, atMs }) => {
    const name = body.split(' ', 1)[0] ?? '';
    const writtenMs = traffic.firstWrittenMs.get(name);
    const first = writtenMs !== undefined && !alerts.some((alert) => alert.name === name);
    const alert = { name, text: body, atMs, latencyMs: first ? atMs - writtenMs : undefined };
    alerts.push(alert);
    screen.alert(alert);
    return undefined;
  };
}

async function drawUntil(signal: AbortSignal, screen: Screen, monitor: Monitor): Promise<void> {
  while (!signal.aborted) {
    screen.draw(monitor.view());
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, screen.intervalMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Until every line and every alert is there, the agent is gone, or nothing comes any more. */
async function drain(monitor: Monitor, ended: Promise<string>): Promise<void> {
  const came = (name: string) => monitor.alerts.some((alert) => alert.name === name);
  const arrived = () => monitor.stored.rows + monitor.alerts.length;
  let last = arrived();
  let progressMs = performance.now();
  while (!monitor.allArrived || !EXPECTED_ALERTS.every(came)) {
    const gone = await Promise.race([ended, sleep(DRAIN_LOOK_MS)]);
    if (gone !== undefined || performance.now() - progressMs > STALL_LIMIT_MS) return;
    if (arrived() === last) continue;
    last = arrived();
    progressMs = performance.now();
  }
}
