/** What this agent wants to reach, beside what was measured: each goal names the figure that decides it. */

import type { Results, SectionName } from './results-page.ts';

/** A figure that was found, and its unit's text; undefined when the bench has not been run. */
type Found = number | undefined;

interface Goal {
  readonly text: string;
  readonly limit: number;
  readonly sense: 'at least' | 'at most';
  readonly unit: string;
  readonly digits: number;
  readonly find: (all: Results) => Found;
}

const OURS = 'tetraship';

/** The value at a path of keys in a section's data; what is not there is no number. */
function at(all: Results, section: SectionName, ...keys: (string | number)[]): unknown {
  let value: unknown = all[section]?.data;
  for (const key of keys)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

function number(value: unknown): Found {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The element of a list in a section's data that has these fields. */
function pick(all: Results, section: SectionName, list: string, fields: Record<string, unknown>): unknown {
  const elements = at(all, section, list);
  if (!Array.isArray(elements)) return undefined;
  return elements.find((element: unknown) =>
    Object.entries(fields).every(([key, value]) => field(element, key) === value),
  );
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

const timesPeer = (shipper: string, encoding: string) => (all: Results) =>
  number(field(field(pick(all, 'peers', 'entries', { shipper, encoding }), 'timesAsMuch'), 'median'));
const steady = (kilobytesPerSecond: number, name: string, scale: number) => (all: Results) => {
  const value = number(field(pick(all, 'steady', 'phases', { shipper: OURS, kilobytesPerSecond }), name));
  return value === undefined ? undefined : value * scale;
};
const longestLag = (all: Results): Found => {
  const lags = [100, 1000, 10_000].flatMap((kilobytesPerSecond) => {
    const phase = pick(all, 'steady', 'phases', { shipper: OURS, kilobytesPerSecond });
    return number(field(field(phase, 'lagMs'), '1')) ?? [];
  });
  return lags.length === 0 ? undefined : Math.max(...lags);
};

const MORE = { sense: 'at least' as const };
const LESS = { sense: 'at most' as const };
const GOALS: readonly Goal[] = [
  {
    ...{ ...MORE, text: 'kernel with 100 rules', limit: 1.5, unit: 'GB/s', digits: 2 },
    find: (all) => number(at(all, 'kernel', 'gigabytesPerSecond', '100 rules')),
  },
  {
    ...{ ...MORE, text: 'whole agent with zstd, against Vector', limit: 10, unit: 'times', digits: 1 },
    find: timesPeer('Vector 0.56', 'zstd'),
  },
  {
    ...{ ...MORE, text: 'whole agent with zstd, against Fluent Bit', limit: 5, unit: 'times', digits: 1 },
    find: timesPeer('Fluent Bit 5.1, not flattening', 'zstd'),
  },
  {
    ...{ ...MORE, text: 'whole agent with gzip, against Vector', limit: 5, unit: 'times', digits: 1 },
    find: timesPeer('Vector 0.56', 'gzip'),
  },
  {
    ...{ ...MORE, text: 'ratio of zstd', limit: 8, unit: 'to 1', digits: 1 },
    find: (all) => number(at(all, 'floors', 'zstdRatio')),
  },
  {
    ...{ ...MORE, text: 'whole agent with zstd, of the sum of its floors', limit: 0.8, unit: '', digits: 2 },
    find: (all) => number(at(all, 'stages', 'shareOfFloors')),
  },
  {
    ...{ ...MORE, text: 'the same after the start', limit: 0.8, unit: '', digits: 2 },
    find: (all) => number(at(all, 'stages', 'shareOfFloorsAfterStart')),
  },
  {
    ...{ ...LESS, text: 'CPU at 1 MB/s', limit: 2, unit: '% of a core', digits: 2 },
    find: steady(1000, 'cpuShare', 100),
  },
  {
    ...{ ...LESS, text: 'resident at 1 MB/s', limit: 70, unit: 'MiB', digits: 0 },
    find: steady(1000, 'residentMiB', 1),
  },
  {
    ...{ ...LESS, text: 'CPU at 10 MB/s', limit: 5, unit: '% of a core', digits: 2 },
    find: steady(10_000, 'cpuShare', 100),
  },
  {
    ...{ ...LESS, text: 'resident at 10 MB/s', limit: 80, unit: 'MiB', digits: 0 },
    find: steady(10_000, 'residentMiB', 1),
  },
  {
    ...{ ...LESS, text: 'CPU when idle', limit: 0.1, unit: '% of a core', digits: 2 },
    find: steady(0, 'cpuShare', 100),
  },
  {
    ...{ ...LESS, text: 'line written to webhook, p99', limit: 20, unit: 'ms', digits: 1 },
    find: (all) => number(at(all, 'latency', 'webhookMs', 'p99')),
  },
  {
    ...{
      ...LESS,
      text: 'line written to row received, p99, flush interval 1 s',
      limit: 1050,
      unit: 'ms',
      digits: 0,
    },
    find: longestLag,
  },
  {
    ...{ ...LESS, text: 'start to first row received, with a backlog', limit: 300, unit: 'ms', digits: 0 },
    find: (all) =>
      number(field(field(pick(all, 'start', 'entries', { name: OURS }), 'firstRowMs'), 'median')),
  },
  {
    ...{ ...LESS, text: 'growth of resident memory in the soak', limit: 1, unit: 'MiB an hour', digits: 2 },
    find: (all) => number(at(all, 'soak', 'slopeMiBPerHour')),
  },
  {
    ...{ ...LESS, text: 'rows lost in the soak', limit: 0, unit: 'rows', digits: 0 },
    find: (all) => number(at(all, 'soak', 'missing')),
  },
];

/** Rows of goal, measured, reached. */
export function goalTable(all: Results): string[][] {
  return GOALS.map(({ text, limit, sense, unit, digits, find }) => {
    const value = find(all);
    const goal = `${text}: ${sense} ${limit} ${unit}`.trimEnd();
    if (value === undefined) return [goal, 'not measured', ''];
    const reached = sense === 'at least' ? value >= limit : value <= limit;
    const share = sense === 'at least' ? value / limit : limit / value;
    return [
      goal,
      `${value.toFixed(digits)} ${unit}`.trimEnd(),
      reached ? 'yes' : `no: ${Math.floor(100 * share)} % of it`,
    ];
  });
}
