/** The command line with a pipeline that only behaves as FAKE says: signals, ends and faults can be tried alone. */

import { main } from '../../agent/commands/entry.ts';
import type { Runnable } from '../../agent/commands/run.ts';
import { TetrashipError } from '../../agent/errors.ts';
import { NO_FACTS } from '../../agent/status/facts.ts';
import { fakeSources } from '../ops/sources.ts';

const { FAKE: behaviour } = process.env;
const never = new Promise<void>(() => undefined);
const fault = () => new TetrashipError('STATE', 'cannot write the checkpoint: disk on fire');

function bug(): void {
  throw new TypeError('x is undefined');
}

await main(process.argv.slice(2), (config, log): Runnable => {
  if (behaviour === 'constructor-fails') throw new TetrashipError('RULES', 'cannot use the rules: no');
  const keepAlive = setInterval(() => undefined, 1000);
  return {
    metrics: fakeSources(),
    facts: () => NO_FACTS,
    watch: () => undefined,
    readiness: () => ({ credentials: 'accepted', logFolderReadable: true, degraded: [] }),
    finished:
      behaviour === 'ends' ? Promise.resolve() : behaviour === 'fails' ? Promise.reject(fault()) : never,
    async start() {
      if (behaviour === 'start-fails') throw fault();
      if (behaviour === 'unhandled') void Promise.reject(new Error('hunter2 \u001b[2J'));
      if (behaviour === 'uncaught') setTimeout(bug);
      log.info(`started on ${config.nodeName}`);
    },
    async stop() {
      log.info('pipeline stops');
      if (behaviour === 'stop-hangs') await never;
      if (behaviour === 'stop-fails') throw fault();
      clearInterval(keepAlive);
    },
  };
});
