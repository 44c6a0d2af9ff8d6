/**
 * The one description of how the agent is: the page draws it, `/status.json` prints it, `top` and the bug report
 * read it. Numbers are bytes, seconds and plain counts; times are epoch milliseconds, null for never. Whatever
 * others wrote (paths, rule names, answers of the server) stands in it as it came: who shows it escapes it.
 */

import type { History, Series } from '../ops/history.ts';
import type { Problem } from '../ops/log-memory.ts';
import type { MetricSources } from '../ops/metric.ts';
import type { ReadinessReport } from '../ops/readiness.ts';
import type { FileFacts, RuleFacts, StageFacts, TargetFacts } from './facts.ts';
import { judge } from './judge.ts';
import { type Health, type StageStatus, sumOf } from './stage.ts';

/** Of the format of `Status`: a reader refuses what it does not know. */
export const STATUS_FORMAT = 1;
/** Files and rules told: an operator reads no more, and a page stays small. */
const MAX_FILES = 30;
const MAX_RULES_SHOWN = 50;

export interface RuleStatus extends Omit<RuleFacts, 'lastMatchMs'> {
  readonly lastMatchMs: number | null;
  readonly suppressed: number;
  readonly targets: readonly Omit<TargetFacts, 'rule'>[];
}

export interface Status {
  readonly format: typeof STATUS_FORMAT;
  readonly version: string;
  readonly node: string;
  readonly nowMs: number;
  readonly uptimeSeconds: number;
  readonly residentBytes: number;
  readonly health: Health;
  readonly headline: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly stages: readonly StageStatus[];
  readonly files: readonly FileFacts[];
  readonly filesInAll: number;
  /** The newest first. */
  readonly problems: readonly Problem[];
  readonly rules: readonly RuleStatus[];
  readonly rulesInAll: number;
  readonly rates: { readonly stepSeconds: number; readonly series: readonly Series[] };
  /** Secrets as `[set]`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The numbers of the metrics page that have no labels, by the name they have in the code. */
  readonly totals: Readonly<Record<string, number | null>>;
}

export interface StatusParts {
  readonly version: string;
  readonly node: string;
  readonly metrics: MetricSources;
  readonly facts: () => StageFacts;
  readonly readiness: () => ReadinessReport;
  readonly history: Pick<History, 'series'>;
  readonly stepSeconds: number;
  readonly problems: () => readonly Problem[];
  readonly settings: Readonly<Record<string, string>>;
}

export function statusOf(parts: StatusParts): Status {
  const { version, node, metrics, settings } = parts;
  const nowMs = Date.now();
  const facts = parts.facts();
  const { ready, reasons, degraded } = parts.readiness();
  const series = parts.history.series();
  const { health, headline, stages } = judge({ facts, metrics, series, nowMs, ready });
  return {
    format: STATUS_FORMAT,
    ...{ version, node, nowMs },
    uptimeSeconds: process.uptime(),
    residentBytes: process.memoryUsage.rss(),
    ...{ health, headline, ready, stages },
    reasons: [...reasons, ...degraded],
    files: facts.files.slice(0, MAX_FILES),
    filesInAll: facts.files.length,
    problems: parts.problems(),
    rules: rulesOf(facts),
    rulesInAll: facts.rules.length,
    rates: { stepSeconds: parts.stepSeconds, series },
    settings,
    totals: totalsOf(metrics),
  };
}

/** Those in trouble first, then those that matched last. */
function rulesOf({ rules, targets }: StageFacts): RuleStatus[] {
  const byRule = new Map<string, TargetFacts[]>();
  for (const target of targets) {
    const known = byRule.get(target.rule);
    if (known === undefined) byRule.set(target.rule, [target]);
    else known.push(target);
  }
  const hasTrouble = ({ rule }: RuleFacts): number =>
    byRule.get(rule)?.some(({ trouble }) => trouble !== '') === true ? 1 : 0;
  const time = ({ lastMatchMs }: RuleFacts): number => (Number.isNaN(lastMatchMs) ? 0 : lastMatchMs);
  return rules
    .toSorted((a, b) => hasTrouble(b) - hasTrouble(a) || time(b) - time(a))
    .slice(0, MAX_RULES_SHOWN)
    .map(({ rule, matched, fired, resolved, lastMatchMs }) => {
      const own = byRule.get(rule) ?? [];
      return {
        ...{ rule, matched, fired, resolved },
        lastMatchMs: Number.isNaN(lastMatchMs) ? null : lastMatchMs,
        suppressed: own.reduce((sum, { suppressed }) => sum + suppressed, 0),
        targets: own.map((target) => ({
          ...{ target: target.target, origin: target.origin, sent: target.sent, failed: target.failed },
          ...{ dropped: target.dropped, suppressed: target.suppressed, queued: target.queued },
          ...{ queueBytes: target.queueBytes, trouble: target.trouble, limited: target.limited },
        })),
      };
    });
}

function totalsOf(metrics: MetricSources): Record<string, number | null> {
  const totals: Record<string, number | null> = {};
  for (const [name, read] of Object.entries(metrics)) {
    const reading: unknown = read();
    if (typeof reading === 'number') totals[name] = Number.isFinite(reading) ? reading : null;
  }
  totals['rejectedEvents'] = sumOf(metrics.rejectedEvents());
  totals['deadLetters'] = sumOf(metrics.deadLetters());
  totals['readErrors'] = sumOf(metrics.readErrors());
  totals['rowsLost'] = sumOf(metrics.rowsLost());
  return totals;
}
