/**
 * What the numbers mean: for each stage whether it is well, and one sentence that says what is going on, what that
 * means for the data, and what to do.
 */

import { HISTORY_STEP_MS, type Series } from '../ops/history.ts';
import type { MetricSources } from '../ops/metric.ts';
import type { StageFacts } from './facts.ts';
import { bytes, clock, count, duration } from './format.ts';
import { type Health, sumOf } from './stage.ts';

/** A queue this full is worth a look. */
const NEARLY_FULL = 0.8;
/** Lag above this is worth a look; it is a minute's log at Tetragon's defaults and a busy node. */
const MUCH_LAG_SECONDS = 60;
const STEP_SECONDS = HISTORY_STEP_MS / 1000;

export interface Evidence {
  readonly facts: StageFacts;
  readonly metrics: MetricSources;
  readonly series: readonly Series[];
  readonly nowMs: number;
}

export interface Verdict {
  readonly health: Health;
  readonly sentence: string;
}

const ok = (sentence: string): Verdict => ({ health: 'ok', sentence });
const warn = (sentence: string): Verdict => ({ health: 'warn', sentence });
const bad = (sentence: string): Verdict => ({ health: 'bad', sentence });

export function readVerdict({ facts, metrics }: Evidence): Verdict {
  const lost = metrics.lostBytes();
  if (facts.unreadable !== '')
    return bad(
      `${sentenceOf(facts.unreadable)} Nothing is read until that is mended: mount the folder of the log and run as root or with CAP_DAC_READ_SEARCH.`,
    );
  if (facts.reader === 'blocked')
    return warn(
      'Reading waits, because nothing behind it takes more. Tetragon keeps writing: what it deletes before reading goes on is lost.',
    );
  if (lost > 0 || metrics.lostFiles() > 0)
    return warn(
      `${count(metrics.lostFiles())} files, at least ${bytes(lost)}, were deleted before they were read to the end. The log names file and range; larger or more files in Tetragon give more time.`,
    );
  const lagSeconds = metrics.lagSeconds();
  if (lagSeconds > MUCH_LAG_SECONDS && facts.server.state === 'sending')
    return warn(
      `It is ${duration(lagSeconds)} behind, with ${bytes(metrics.lagBytes())} to go; they are safe while Tetragon keeps its files.`,
    );
  if (facts.checkpointIsFailing)
    return warn(
      'The checkpoint cannot be written: nothing is lost, but after a restart rows are sent twice. Make room in the state folder, or mend it.',
    );
  if (facts.watchFault !== '') return warn(`${sentenceOf(facts.watchFault)} It looks once a second instead.`);
  if (facts.reader === 'stopped') return ok('Has not begun to read.');
  if (facts.files.length === 0 && facts.logs.includes('-')) return ok('Reading standard input.');
  if (facts.files.length === 0) return ok(`No log yet at ${facts.logs.join(', ')}: waiting for it.`);
  return ok(facts.reader === 'running' ? 'Reading.' : 'All is read; waiting for new events.');
}

export function kernelVerdict({ metrics, series }: Evidence): Verdict {
  const columns = metrics.columns();
  if (columns >= metrics.columnsLimit())
    return warn(
      `The budget of ${count(metrics.columnsLimit())} columns is used up: values under new names go into the column "overflow", none is lost. Add the parent of names that are data to TETRASHIP_JSON_COLUMNS.`,
    );
  const rejected = recentOf(series, 'rejectedEvents');
  if (rejected >= 1)
    return warn(
      `In the last 15 minutes ${count(rejected)} lines were no events; each is in the dead letters with its reason, and nothing else is affected.`,
    );
  return ok('One row for each event.');
}

export function batchesVerdict({ facts }: Evidence): Verdict {
  if (facts.reader === 'blocked') return warn('All are full and wait for room in the outbox.');
  return ok(facts.openRows === 0 ? 'None is being filled.' : 'One is being filled.');
}

export function outboxVerdict({ facts, metrics }: Evidence): Verdict {
  const share = metrics.outboxBytes() / metrics.outboxLimitBytes();
  if (facts.isFull)
    return bad('It is full, and so is the spool: reading waits until the server takes something.');
  if (share >= NEARLY_FULL) return warn(`${Math.round(share * 100)} % of its memory is in use.`);
  if (facts.outboxBodies === 0) return ok('Empty: all that was read has arrived.');
  return ok(facts.server.state === 'sending' ? 'Bodies are on their way.' : 'Bodies wait for the server.');
}

export function spoolVerdict({ facts, metrics }: Evidence): Verdict {
  const used = metrics.spoolBytes();
  if (facts.spoolTrouble !== '')
    return bad(
      `${sentenceOf(facts.spoolTrouble)} Sending goes on from memory; while the server is away reading waits. Make room in the state folder, or mend it.`,
    );
  if (facts.spoolIsFull)
    return bad(
      `It is full (${bytes(used)}): reading waits, or the oldest batches are given up. TETRASHIP_SPOOL_BYTES makes it larger.`,
    );
  if (metrics.spoolDamagedRecords() > 0)
    return warn(
      `${count(metrics.spoolDamagedRecords())} batches could not be read back: check the disk of the state folder. The log names what was lost.`,
    );
  if (facts.server.state !== 'sending' && metrics.spoolRecords() > 0 && used > 0)
    return warn(
      `${bytes(used)} wait on disk for the server, safe through a restart; there is room for ${bytes(metrics.spoolLimitBytes() - used)} more.`,
    );
  return ok('Used only while the server is away and memory is full.');
}

export function sinkVerdict({ facts, metrics, nowMs }: Evidence): Verdict {
  const { state, reason, sinceMs, urls, stream } = facts.server;
  const since = clock(sinceMs, nowMs);
  switch (state) {
    case 'waiting':
      return bad(
        `The server cannot take events since ${since}: ${reason}. They are kept, in memory and on disk, and sent again by themselves; look at ${urls.join(', ')}.`,
      );
    case 'refused':
      return bad(
        `The server refuses the credentials since ${since}: ${reason}. Events are kept, nothing is sent until PARSEABLE_USERNAME and PARSEABLE_PASSWORD, or PARSEABLE_API_KEY, are right.`,
      );
    case 'held':
      return bad(
        `The answer since ${since} is not that of a dataset that takes events: ${reason}. They are kept and tried again; check PARSEABLE_URL, and whether the dataset ${stream} is full.`,
      );
    case 'idle':
      return ok('Has not begun to send.');
    case 'stopped':
      return ok('Sending has stopped.');
    default:
      if (sumOf(metrics.rowsLost()) > 0)
        return warn(`${count(sumOf(metrics.rowsLost()))} rows were given up; the log names file and range.`);
      if (metrics.deadLettersRemoved() + metrics.deadLettersFailed() > 0)
        return warn(
          'Dead letters were removed for room or could not be written: what they held is lost. Replay them in time, raise TETRASHIP_DEADLETTER_BYTES, or mend the disk.',
        );
      return ok(`The server takes what is sent to the dataset ${stream}.`);
  }
}

export function alertsVerdict({ facts }: Evidence): Verdict {
  const broken = facts.targets.filter(({ trouble }) => trouble !== '');
  const [first] = broken;
  if (first !== undefined)
    return bad(
      `${broken.length === 1 ? 'A target' : `${count(broken.length)} targets`} cannot be notified: ${first.target} of ${first.rule} at ${first.origin}: ${first.trouble}. Its notifications wait, for a day at most; shipping is not affected. tetraship check tries the way there.`,
    );
  if (facts.rules.length === 0) return ok('No rules are set (TETRASHIP_RULES).');
  return ok('Rules are evaluated on each event.');
}

/** `no log can be read: x` as a sentence. */
function sentenceOf(text: string): string {
  const trimmed = text.trim().replace(/[.;]$/, '');
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}.`;
}

/** A counter's growth over the plot. */
function recentOf(series: readonly Series[], name: string): number {
  const values = series.find((one) => one.name === name)?.values ?? [];
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0) * STEP_SECONDS;
}
