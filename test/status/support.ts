/** A status as a running agent would have it, in any condition. */

import { History } from '../../agent/ops/history.ts';
import type { MetricSources } from '../../agent/ops/metric.ts';
import { NO_FACTS, type StageFacts } from '../../agent/status/facts.ts';
import type { StatusParts } from '../../agent/status/status.ts';
import { fakeSources } from '../ops/sources.ts';

export const RUNNING: StageFacts = {
  ...NO_FACTS,
  reader: 'idle',
  files: [
    {
      path: '/var/run/cilium/tetragon/tetragon.log',
      offsetBytes: 1000,
      sizeBytes: 1010,
      lagBytes: 10,
      lagSeconds: 200,
      isOpen: true,
      device: 1,
      inode: 2,
      firstLineHash: 'ab'.repeat(16),
    },
  ],
  logs: ['/var/run/cilium/tetragon/tetragon.log'],
  server: {
    state: 'sending',
    sinceMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    reason: '',
    urls: ['http://parseable:8000'],
    stream: 'tetragon',
    encoding: 'zstd',
  },
};

export function parts(
  facts: Partial<StageFacts> = {},
  metrics: Partial<MetricSources> = {},
  changes: Partial<StatusParts> = {},
): StatusParts {
  const sources = fakeSources(metrics);
  const history = new History([
    { name: 'readBytes', kind: 'counter', read: sources.readBytes },
    { name: 'events', kind: 'counter', read: sources.events },
    { name: 'rejectedEvents', kind: 'gauge', read: () => 0 },
  ]);
  return {
    ...{ version: '1.2.3', node: 'node-1', metrics: sources, history, stepSeconds: 5 },
    facts: () => ({ ...RUNNING, ...facts }),
    readiness: () => ({ ready: true, reasons: [], degraded: [] }),
    problems: () => [],
    settings: { PARSEABLE_URL: 'http://parseable:8000', PARSEABLE_PASSWORD: '[set]' },
    ...changes,
  };
}
