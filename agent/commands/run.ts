/** `tetraship run`: starts the agent, waits for a signal or the end of the input, stops it in the data's order. */

import { type Config, describeSettings, type Environment, loadConfig, secretTexts } from '../config.ts';
import { exitCodeOf, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type AgentLogger, createLogger } from '../ops/logger.ts';
import type { MetricSources } from '../ops/metric.ts';
import { createExposition } from '../ops/metrics.ts';
import { Readiness, type ReadinessFacts } from '../ops/readiness.ts';
import { OpsServer } from '../ops/server.ts';
import type { StageFacts } from '../status/facts.ts';
import type { Watcher } from '../tap/hub.ts';
import { makePages } from './pages.ts';

/** What this command needs of the pipeline. */
export interface Runnable {
  readonly metrics: MetricSources;
  readiness(): ReadinessFacts;
  facts(): StageFacts;
  watch(watcher: Watcher | undefined): void;
  /** Resolves when the input ended and all of it is delivered, rejects on a fault that ends the agent. */
  readonly finished: Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type MakePipeline = (config: Config, log: Logger) => Runnable | Promise<Runnable>;

/** The pipeline bounds its own stop by the grace; this much later it is given up. */
const STOP_MARGIN_MS = 2000;

const makeReal: MakePipeline = async (config, log) => {
  const { Pipeline } = await import('../pipeline.ts');
  return new Pipeline(config, log);
};

/**
 * Runs until a signal or the end of the input (exit code 0), or a fatal fault (1), and ends the process. A second
 * signal ends it at once.
 * @throws {TetrashipError} when the settings, the rules or the address are wrong
 */
export async function run(
  env: Environment,
  version: string,
  makePipeline: MakePipeline = makeReal,
): Promise<void> {
  const config = loadConfig(env);
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    secrets: () => secretTexts(config),
  });
  dieOnBugs(log);
  const signal = nextSignal(log);
  log.info(`tetraship ${version} starts`, { settings: describeSettings(env) });
  for (const warning of config.warnings) log.warn(warning);

  const pipeline = await makePipeline(config, log);
  const readiness = new Readiness(() => pipeline.readiness());
  const report = () => readiness.report();
  const { metrics } = pipeline;
  const pages = makePages({
    ...{ config, env, version, metrics, log, readiness: report },
    facts: () => pipeline.facts(),
    watch: (watcher) => pipeline.watch(watcher),
  });
  const server = new OpsServer({
    ...config.listen,
    ...{ metrics: createExposition(metrics, version), readiness: report, others: pages.answer, log },
  });
  await server.start();
  let exitCode = 0;
  try {
    await pipeline.start();
    const cause = await Promise.race([signal, pipeline.finished.then(() => 'end of input')]);
    log.info(`${cause}: stopping`);
  } catch (error) {
    log.error(messageOf(error), { error });
    exitCode = exitCodeOf(error);
  }
  await stopWithin(config.shutdownGraceMs + STOP_MARGIN_MS, pipeline, log);
  pages.stop();
  await server.stop();
  log.info('stopped');
  log.flush();
  // Whatever still holds the event loop (a socket of a target that hangs) must not hold the pod.
  process.exit(exitCode);
}

async function stopWithin(limitMs: number, pipeline: Runnable, log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  try {
    const outcome = await Promise.race([pipeline.stop(), late]);
    if (outcome === 'late') {
      log.warn(
        'the grace for stopping is over; what was not acknowledged is sent again after the next start',
      );
    }
  } catch (error) {
    log.error(
      `cannot stop in order: ${messageOf(error)}; what was not acknowledged is sent again after the next start`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The first SIGTERM or SIGINT; the second ends the process. */
function nextSignal(log: AgentLogger): Promise<string> {
  return new Promise((resolve) => {
    let seen = false;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (seen) {
          log.warn(
            `${name} again: exiting at once; what was not acknowledged is sent again after the next start`,
          );
          log.flush();
          process.exit(1);
        }
        seen = true;
        resolve(name);
      });
    }
  });
}

/** An error that nobody caught leaves the process in an unknown state: one clear line, then the supervisor restarts us. */
function dieOnBugs(log: AgentLogger): void {
  process.on('uncaughtException', (error, origin) => {
    const kind =
      origin === 'unhandledRejection' ? 'a rejected promise that nobody awaited' : 'an uncaught exception';
    log.error(
      `a fault of tetraship, ${kind}: ${messageOf(error)}; exiting; unacknowledged events are sent after the restart. Please report it`,
    );
    log.debug('stack', { error });
    log.flush();
    process.exit(1);
  });
}
