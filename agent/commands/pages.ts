/** What `run` serves beside metrics and health: its code is loaded when somebody asks for it, its history kept from the start. */

import { type Config, describeSettings, type Environment } from '../config.ts';
import { HISTORY_STEP_MS, History } from '../ops/history.ts';
import type { AgentLogger } from '../ops/logger.ts';
import type { MetricSources } from '../ops/metric.ts';
import type { ReadinessReport } from '../ops/readiness.ts';
import type { OtherPaths } from '../ops/server.ts';
import type { StageFacts } from '../status/facts.ts';
import type { Watcher } from '../tap/hub.ts';

export interface PagesOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly version: string;
  readonly metrics: MetricSources;
  readonly facts: () => StageFacts;
  readonly readiness: () => ReadinessReport;
  readonly log: AgentLogger;
  readonly watch: (watcher: Watcher | undefined) => void;
}

export interface Pages {
  readonly answer: OtherPaths;
  stop(): void;
}

export function makePages(options: PagesOptions): Pages {
  const { config, env, version, metrics: m, log } = options;
  const history = new History([
    { name: 'readBytes', kind: 'counter', read: m.readBytes },
    { name: 'events', kind: 'counter', read: m.events },
    { name: 'rowsDelivered', kind: 'counter', read: m.rowsDelivered },
    { name: 'sentBytes', kind: 'counter', read: m.sentBytes },
    { name: 'lagBytes', kind: 'gauge', read: m.lagBytes },
    { name: 'rejectedEvents', kind: 'counter', read: () => sumOf(m.rejectedEvents()) },
  ]);
  history.start();
  let loading: Promise<import('../status/routes.ts').Routes> | undefined;
  const load = async () => {
    const { Routes } = await import('../status/routes.ts');
    return new Routes({
      ...{ version, node: config.nodeName, history, metrics: m },
      ...{ facts: options.facts, readiness: options.readiness },
      stepSeconds: HISTORY_STEP_MS / 1000,
      settings: describeSettings(env),
      problems: () => log.memory.problems,
      logLines: () => log.memory.lines,
      token: () => config.tapToken?.read(),
      watch: options.watch,
    });
  };
  return {
    answer: async (path, request, response) => {
      loading ??= load();
      return (await loading).answer(path, request, response);
    },
    stop() {
      history.stop();
      void loading?.then((routes) => routes.stop());
    },
  };
}

function sumOf(samples: Iterable<readonly [unknown, number]>): number {
  let sum = 0;
  for (const [, value] of samples) sum += value;
  return sum;
}
