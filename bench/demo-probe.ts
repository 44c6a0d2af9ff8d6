/** What the demo learns from the outside: the receiver's counters and a few of the agent's metrics. */

/** An answer later than this is as good as none: the next look comes soon. */
const TIMEOUT_MS = 1000;

export interface Stored {
  rows: number;
  /** Different events. */
  unique: number;
  duplicates: number;
  /** Bytes of the rows, and of the requests that brought them. */
  rawBytes: number;
  wireBytes: number;
  violations: number;
  firstViolation: string;
}

export const NOTHING_STORED: Stored = {
  ...{ rows: 0, unique: 0, duplicates: 0, rawBytes: 0, wireBytes: 0 },
  ...{ violations: 0, firstViolation: '' },
};

/** NaN where the agent gave no such metric. */
export interface AgentFacts {
  lagSeconds: number;
  residentBytes: number;
  cpuSeconds: number;
}

/** `undefined` when there is no answer. */
export async function fetchStored(receiverUrl: string): Promise<Stored | undefined> {
  const text = await get(`${receiverUrl}/__stats`);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const number = (name: string) => Number(fields.get(name) ?? 0);
  return {
    ...{ rows: number('rows'), unique: number('unique'), duplicates: number('duplicates') },
    ...{ rawBytes: number('rawBytes'), wireBytes: number('wireBytes'), violations: number('violations') },
    firstViolation: String(fields.get('firstViolation') ?? ''),
  };
}

/** `undefined` when there is no answer. */
export async function fetchAgentFacts(agentUrl: string): Promise<AgentFacts | undefined> {
  const text = await get(`${agentUrl}/metrics`);
  if (text === undefined) return undefined;
  const metric = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    lagSeconds: metric('tetraship_lag_seconds'),
    residentBytes: metric('process_resident_memory_bytes'),
    cpuSeconds: metric('process_cpu_seconds_total'),
  };
}

async function get(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
