/** Looks at receiver and agent a few times a second and keeps what the screen shows. */

import { type AgentFacts, fetchAgentFacts, fetchStored, NOTHING_STORED, type Stored } from './demo-probe.ts';
import type { Traffic } from './demo-traffic.ts';
import type { Alert, View } from './demo-view.ts';

const LOOK_MS = 100;
/** Rates are taken over this long. */
const WINDOW_MS = 2000;

interface Sample {
  readonly atMs: number;
  readonly writtenBytes: number;
  readonly storedBytes: number;
  readonly cpuSeconds: number;
}

const NO_FACTS: AgentFacts = { lagSeconds: Number.NaN, residentBytes: Number.NaN, cpuSeconds: Number.NaN };

export class Monitor {
  doing: string;
  stored: Stored;
  readonly alerts: Alert[];
  readonly #traffic: Traffic;
  readonly #place: Pick<View, 'logPath' | 'agentUrl' | 'receiverUrl'>;
  readonly #startMs: number;
  /** As they were when the receiver was asked: only numbers of one moment can be compared. */
  #written: View['written'];
  #facts: AgentFacts;
  /** Oldest first, about `WINDOW_MS` of them. */
  readonly #samples: Sample[];

  constructor(traffic: Traffic, alerts: Alert[], place: Pick<View, 'logPath' | 'agentUrl' | 'receiverUrl'>) {
    this.doing = '';
    this.stored = NOTHING_STORED;
    this.alerts = alerts;
    this.#traffic = traffic;
    this.#place = place;
    this.#startMs = performance.now();
    this.#written = { lines: 0, bytes: 0, rotations: 0 };
    this.#facts = NO_FACTS;
    this.#samples = [];
  }

  get allArrived(): boolean {
    return this.stored.unique >= this.#traffic.writer.lines;
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Asks both once. What does not answer keeps its last values. */
  async look(): Promise<void> {
    const { agentUrl, receiverUrl } = this.#place;
    const { lines, bytes, rotations } = this.#traffic.writer;
    const [stored, facts] = await Promise.all([fetchStored(receiverUrl), fetchAgentFacts(agentUrl)]);
    this.#written = { lines, bytes, rotations };
    this.stored = stored ?? this.stored;
    this.#facts = facts ?? { ...this.#facts, lagSeconds: Number.NaN };
    const atMs = performance.now();
    this.#samples.push({
      ...{ atMs, writtenBytes: bytes, storedBytes: this.stored.rawBytes },
      cpuSeconds: this.#facts.cpuSeconds,
    });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  view(): View {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const perSecond = (field: Exclude<keyof Sample, 'atMs'>) =>
      first === undefined || last === undefined || first === last
        ? 0
        : ((last[field] - first[field]) / (last.atMs - first.atMs)) * 1000;
    return {
      ...this.#place,
      ...{ doing: this.doing, elapsedMs: performance.now() - this.#startMs },
      ...{ written: this.#written, stored: this.stored, alerts: this.alerts },
      ...{ lagSeconds: this.#facts.lagSeconds, residentBytes: this.#facts.residentBytes },
      writtenBytesPerSecond: perSecond('writtenBytes'),
      storedBytesPerSecond: perSecond('storedBytes'),
      cpuShare: perSecond('cpuSeconds'),
    };
  }
}
