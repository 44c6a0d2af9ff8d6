/** A process for kill.test.ts: takes batches for a server that is away, and prints each one that is settled. */

import { DeadLetters } from '../../agent/delivery/deadletter.ts';
import { Delivery } from '../../agent/delivery/delivery.ts';
import { batches, CollectedLog } from './fixtures.ts';

const [folder = '', url = ''] = process.argv.slice(2);
const log = new CollectedLog();

const delivery = new Delivery({
  ...{ urls: [url], stream: 'tetragon', credentials: () => ({ username: 'admin', password: 'admin' }) },
  ...{ compression: 'zstd', concurrency: 4, requestTimeoutMs: 2000, retryMaxMs: 20, outboxBytes: 24 * 1024 },
  ...{ whenFull: 'block', spool: { folder, maxBytes: 16 * 1024 * 1024 }, log },
  deadLetters: new DeadLetters({ folder: `${folder}/deadletters`, node: 'n', maxBytes: 1024 * 1024, log }),
  onSettled: (sequence) => process.stdout.write(`${sequence}\n`),
});
delivery.start();
for (const batch of batches(2000, 20)) await delivery.accept(batch);
