/** The stages with their numbers and their verdicts; the worst of them makes the headline. */

import type { Series } from '../ops/history.ts';
import type { Unit } from './format.ts';
import { type Health, type StageNumber, type StageStatus, sumOf } from './stage.ts';
import {
  alertsVerdict,
  batchesVerdict,
  type Evidence,
  kernelVerdict,
  outboxVerdict,
  readVerdict,
  sinkVerdict,
  spoolVerdict,
} from './verdicts.ts';

export interface JudgeOptions extends Evidence {
  readonly ready: boolean;
}

const number = (label: string, value: number, unit: Unit): StageNumber => ({
  label,
  value: Number.isFinite(value) ? value : null,
  unit,
});

export function judge(evidence: JudgeOptions): {
  readonly health: Health;
  readonly headline: string;
  readonly stages: readonly StageStatus[];
} {
  const { metrics: m, facts } = evidence;
  const rate = (name: string): number => lastOf(evidence.series, name);
  const stages: StageStatus[] = [
    {
      id: 'read',
      ...readVerdict(evidence),
      numbers: [
        number('now', rate('readBytes'), 'bytes/s'),
        number('in all', m.readBytes(), 'bytes'),
        number('lag', m.lagBytes(), 'bytes'),
        number('files open', m.openFiles(), 'count'),
      ],
    },
    {
      id: 'kernel',
      ...kernelVerdict(evidence),
      numbers: [
        number('now', rate('events'), 'count/s'),
        number('events', m.events(), 'count'),
        number('rejected', sumOf(m.rejectedEvents()), 'count'),
        number('columns', m.columns(), 'count'),
      ],
    },
    {
      id: 'batches',
      ...batchesVerdict(evidence),
      numbers: [
        number('open rows', facts.openRows, 'count'),
        number('open size', facts.openRows === 0 ? 0 : facts.openBytes, 'bytes'),
      ],
    },
    {
      id: 'outbox',
      ...outboxVerdict(evidence),
      numbers: [
        number('in use', m.outboxBytes(), 'bytes'),
        number('of', m.outboxLimitBytes(), 'bytes'),
        number('bodies', facts.outboxBodies, 'count'),
      ],
    },
    {
      id: 'spool',
      ...spoolVerdict(evidence),
      numbers: [
        number('in use', m.spoolBytes(), 'bytes'),
        number('of', m.spoolLimitBytes(), 'bytes'),
        number('batches written', m.spoolRecords(), 'count'),
      ],
    },
    {
      id: 'sink',
      ...sinkVerdict(evidence),
      numbers: [
        number('now', rate('rowsDelivered'), 'count/s'),
        number('rows delivered', m.rowsDelivered(), 'count'),
        number('rows lost', sumOf(m.rowsLost()), 'count'),
        number('dead letters', sumOf(m.deadLetters()), 'count'),
      ],
    },
    {
      id: 'alerts',
      ...alertsVerdict(evidence),
      numbers: [
        number('rules', facts.rules.length, 'count'),
        number(
          'matched',
          facts.rules.reduce((sum, { matched }) => sum + matched, 0),
          'count',
        ),
        number(
          'sent',
          facts.targets.reduce((sum, { sent }) => sum + sent, 0),
          'count',
        ),
        number(
          'waiting',
          facts.targets.reduce((sum, { queued }) => sum + queued, 0),
          'count',
        ),
      ],
    },
  ];
  return { ...headlineOf(stages, evidence), stages };
}

/** The sink's words before those of the stages that only wait for it. */
const BY_IMPORTANCE: readonly StageStatus['id'][] = [
  'sink',
  'read',
  'spool',
  'alerts',
  'outbox',
  'kernel',
  'batches',
];

function headlineOf(
  stages: readonly StageStatus[],
  { facts, ready }: JudgeOptions,
): {
  readonly health: Health;
  readonly headline: string;
} {
  const ordered = BY_IMPORTANCE.map((id) => stages.find((stage) => stage.id === id));
  for (const health of ['bad', 'warn'] as const) {
    const worst = ordered.find((stage) => stage?.health === health);
    if (worst !== undefined) return { health, headline: worst.sentence };
  }
  if (facts.reader === 'stopped' || !ready) return { health: 'ok', headline: 'The agent is starting.' };
  return { health: 'ok', headline: 'All is well: what is written arrives.' };
}

function lastOf(series: readonly Series[], name: string): number {
  return series.find((one) => one.name === name)?.values.at(-1) ?? Number.NaN;
}
