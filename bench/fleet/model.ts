/**
 * The load of N agents on one server, on paper. The simulation checks it at a size that fits one machine, and
 * docs/capacity.md gives it for sizes that do not.
 */

export interface FleetOptions {
  readonly nodes: number;
  /** Bytes of log per node and second. */
  readonly bytesPerSecond: number;
  readonly flushIntervalS: number;
  /** Rows in one body before compression. */
  readonly batchBytes: number;
  readonly retryMaxS: number;
  /** Requests at once of one agent. */
  readonly concurrency: number;
  /** Bytes of rows per byte of log, and rows before compression over after. */
  readonly expansion: number;
  readonly ratio: number;
}

export interface FleetLoad {
  readonly requestsPerSecond: number;
  /** Kept open while rows flow; and the most there can be. */
  readonly connections: number;
  readonly maxConnections: number;
  /** MB per second: of bodies as sent, and of rows that the server unpacks. */
  readonly sentMB: number;
  readonly rowsMB: number;
  /** All agents together, once an outage has lasted longer than the pauses grow. */
  readonly triesPerSecondWhileDown: number;
  /** Agents whose first request arrives within any one second after the return. */
  readonly firstRequestsPerSecond: number;
  /** Bodies that wait after an outage of so many seconds. */
  readonly waitingBodies: (outageS: number) => number;
}

export function fleetLoad(options: FleetOptions): FleetLoad {
  const { nodes, bytesPerSecond, flushIntervalS, batchBytes, retryMaxS, concurrency } = options;
  const rowsPerSecond = bytesPerSecond * options.expansion;
  // A batch leaves when it is full or when its time is over, whichever is first.
  const perNode = Math.max(1 / flushIntervalS, rowsPerSecond / batchBytes);
  // The time that one request takes is short against the interval: one connection does, until batches are full.
  const open = rowsPerSecond >= batchBytes / flushIntervalS ? concurrency : 1;
  // Full jitter: a pause is uniform between nothing and the longest, so its mean is half of that.
  const tries = nodes / (retryMaxS / 2);
  return {
    requestsPerSecond: nodes * perNode,
    connections: nodes * open,
    // One more than bodies are on their way: a page can be asked for meanwhile.
    maxConnections: nodes * (concurrency + 1),
    sentMB: (nodes * rowsPerSecond) / options.ratio / 1e6,
    rowsMB: (nodes * rowsPerSecond) / 1e6,
    triesPerSecondWhileDown: tries,
    // Whoever tries while the server is down meets it at the same rate when it is back.
    firstRequestsPerSecond: tries,
    waitingBodies: (outageS) => nodes * perNode * outageS,
  };
}
