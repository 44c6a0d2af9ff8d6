/**
 * Seeded events as Tetragon writes them, made faster than any agent reads them: a few hundred shapes are rendered
 * to text once, and each event only fills the holes of one of them.
 *
 * The same options give the same bytes. Event N carries `"cluster_name":"seq-N"`, by which losses and duplicates
 * are counted.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { type Json, type JsonObject, makeEvent, makePod, type SizeKB, wgetEvent } from './event-shapes.ts';
import { Random } from './random.ts';

export type { SizeKB } from './event-shapes.ts';

export interface GeneratorOptions {
  readonly seed: number;
  /** Average bytes of a line, in KB; default 2.3. */
  readonly size?: SizeKB;
  /** Write a space after each `:` and `,`, as some builds of Tetragon do; default false. */
  readonly spaces?: boolean;
  /** Every n-th event is the exit of wget, or in turn of curl, in `nginx-pod`; default 0: none. */
  readonly wgetEvery?: number;
  /** Number of the first event; default 0. */
  readonly first?: number;
  readonly node?: string;
  /** Epoch milliseconds of the first event; each later one is 0.1 ms younger. Default: 2026-01-02T03:04:05Z. */
  readonly startMs?: number;
  /** Stamp events with the wall clock instead. */
  readonly live?: boolean;
}

/** Pods on a node, shapes in use: with these zstd finds what it finds in real logs, a ratio of about ten. */
const PODS = 110;
const SHAPES = 2000;
/** Command lines in use; each event takes a random one. */
const COMMAND_LINES = 3000;
/** Processes that start the others. */
const ELDERS = 4000;
const MAX_PID = 4_000_000;
const EVENTS_PER_MS = 10;
const DEFAULT_START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
/** Bytes per write of a corpus. */
const CORPUS_CHUNK_BYTES = 1024 * 1024;
/** The share of alerts in a corpus: rare, as on a real node. */
const CORPUS_WGET_EVERY = 1000;
/** Above any line that the shapes can give. */
const MAX_LINE_BYTES = 64 * 1024;

const WORDS = [
  ...[
    '--config',
    '/etc/app/config.yaml',
    '-c',
    'exec',
    'http://10.0.3.7:8080/healthz',
    '--verbose',
    'ünïcode',
  ],
  ...[
    '--user-agent=\\"probe/1.0\\"',
    'SELECT',
    'run',
    '--rm',
    '-la',
    '/var/lib/data',
    '日本語',
    '\\u003cscript\\u003e',
  ],
  ...['C:\\\\temp', 'line\\nbreak', '2\\u003e/dev/null', '--output=json', 'tail', '-f', '/proc/self/status'],
];

type Fill = () => string;

/** Text around its holes: `texts` is one longer than `fills`. */
interface Template {
  readonly texts: readonly string[];
  readonly fills: readonly Fill[];
}

const HOLE = /"#\{(\w+)\}"|@\{(\w+)\}/;

/** A parent or an ancestor: few run on a node, so they come from a list. */
interface Elder {
  readonly pid: string;
  readonly execId: string;
  readonly start: string;
}

export class Generator {
  /** Number of the next event. */
  sequence: number;
  readonly #options: GeneratorOptions;
  readonly #node: string;
  readonly #random: Random;
  readonly #commandLines: readonly string[];
  readonly #elders: readonly Elder[];
  readonly #templates: readonly Template[];
  readonly #walkthrough: readonly Template[];
  /** The whole second whose text is kept, and its text. */
  #second: number;
  #secondText: string;
  /** What the holes of the current event share. */
  #pid: string;
  #parent: Elder;
  #ancestor: Elder;

  constructor(options: GeneratorOptions) {
    const random = new Random(options.seed);
    this.sequence = options.first ?? 0;
    this.#options = options;
    this.#node = options.node ?? 'node-1';
    this.#random = random;
    this.#commandLines = Array.from({ length: COMMAND_LINES }, () => commandLine(random));
    this.#second = Number.NaN;
    this.#secondText = '';
    this.#elders = Array.from({ length: ELDERS }, () => this.#elder());
    const pods = Array.from({ length: PODS }, () => makePod(random));
    this.#templates = Array.from({ length: SHAPES }, () =>
      this.#compile(makeEvent(random, random.pick(pods), options.size ?? 2.3)),
    );
    this.#walkthrough = [this.#compile(wgetEvent('wget')), this.#compile(wgetEvent('curl'))];
    this.#pid = '';
    this.#parent = random.pick(this.#elders);
    this.#ancestor = random.pick(this.#elders);
  }

  /** The next line, with its line end. */
  next(): string {
    const random = this.#random;
    this.#pid = String(1000 + random.below(MAX_PID));
    this.#parent = random.pick(this.#elders);
    this.#ancestor = random.pick(this.#elders);
    const { texts, fills } = this.#choose();
    let line = texts[0] ?? '';
    for (let i = 0; i < fills.length; i++) {
      line += (fills[i]?.() ?? '') + (texts[i + 1] ?? '');
    }
    this.sequence++;
    return line;
  }

  /** At least `bytes` bytes of whole lines, and at most one line more. */
  chunk(bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes + MAX_LINE_BYTES);
    let used = 0;
    while (used < bytes) used += buffer.write(this.next(), used, 'utf8');
    return buffer.subarray(0, used);
  }

  #choose(): Template {
    const every = this.#options.wgetEvery ?? 0;
    if (every > 0 && this.sequence % every === every - 1) {
      const template = this.#walkthrough[Math.floor(this.sequence / every) % 2];
      if (template !== undefined) return template;
    }
    return this.#random.pick(this.#templates);
  }

  #compile(event: JsonObject): Template {
    const whole = { ...event, node_name: this.#node, time: '@{time}', cluster_name: 'seq-@{sequence}' };
    const pieces = `${render(whole, this.#options.spaces ?? false)}\n`.split(HOLE);
    const texts: string[] = [];
    const fills: Fill[] = [];
    // The expression has two groups, so split() gives text, group or undefined, group or undefined, text, …
    for (let i = 0; i < pieces.length; i += 3) {
      texts.push(pieces[i] ?? '');
      const name = pieces[i + 1] ?? pieces[i + 2];
      if (name !== undefined) fills.push(this.#filler(name));
    }
    return { texts, fills };
  }

  #filler(name: string): Fill {
    const random = this.#random;
    switch (name) {
      case 'sequence':
        return () => String(this.sequence);
      case 'time':
      case 'pStart':
        return () => this.#time();
      case 'pPid':
        return () => this.#pid;
      case 'pExec':
        return () => this.#execId(this.#pid);
      case 'qPid':
        return () => this.#parent.pid;
      case 'qExec':
        return () => this.#parent.execId;
      case 'qStart':
        return () => this.#parent.start;
      case 'rPid':
        return () => this.#ancestor.pid;
      case 'rExec':
        // Each ancestor begins with its exec id: from here on it is another process.
        return () => {
          this.#ancestor = random.pick(this.#elders);
          return this.#ancestor.execId;
        };
      case 'rStart':
        return () => this.#ancestor.start;
      case 'words':
        return () =>
          `${random.pick(this.#commandLines)} ${random.next().toString(36)}${random.next().toString(36)}`;
      case 'path':
        return () => `app/${random.below(5000).toString(36)}.conf`;
      case 'ip':
        return () => `10.${random.below(4)}.${random.below(250)}.${random.below(250)}`;
      case 'port':
        return () => String(1024 + random.below(64_000));
      case 'count':
        return () => String(random.below(100_000));
      case 'address':
        return () => String(random.next());
      case 'blob':
        return () => Buffer.from(random.hex(48), 'hex').toString('base64');
      default:
        throw new Error(`cannot fill a hole: nothing is known about ${name}`);
    }
  }

  #execId(pid: string): string {
    return Buffer.from(`${this.#node}:${String(this.#random.next()).padStart(13, '1')}:${pid}`).toString(
      'base64',
    );
  }

  #elder(): Elder {
    const pid = String(1000 + this.#random.below(MAX_PID));
    return { pid, execId: this.#execId(pid), start: this.#time() };
  }

  /** RFC 3339 with nanoseconds. */
  #time(): string {
    const { live, startMs = DEFAULT_START_MS, first = 0 } = this.#options;
    const ms = live === true ? Date.now() : startMs + (this.sequence - first) / EVENTS_PER_MS;
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 19);
    }
    const nanoseconds = Math.floor(ms % 1000) * 1_000_000 + this.#random.below(1_000_000);
    return `${this.#secondText}.${String(nanoseconds).padStart(9, '0')}Z`;
  }
}

/** Writes about `bytes` bytes of events to a new file. Returns the number of events. */
export function writeCorpus(path: string, bytes: number, seed: number, size: SizeKB): number {
  const generator = new Generator({ seed, size, wgetEvery: CORPUS_WGET_EVERY });
  const file = openSync(path, 'w');
  try {
    let left = bytes;
    while (left > 0) left -= writeSync(file, generator.chunk(Math.min(CORPUS_CHUNK_BYTES, left)));
  } finally {
    closeSync(file);
  }
  return generator.sequence;
}

function commandLine(random: Random): string {
  const words = Array.from({ length: 1 + random.below(7) }, () => random.pick(WORDS));
  return words.join(' ');
}

/** JSON text; what stands in strings is JSON text already. */
function render(value: Json, spaces: boolean): string {
  const [colon, comma] = spaces ? [': ', ', '] : [':', ','];
  if (typeof value === 'string') return `"${value}"`;
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((element: Json) => render(element, spaces)).join(comma)}]`;
  const members = Object.entries(value).map(([key, inner]) => `"${key}"${colon}${render(inner, spaces)}`);
  return `{${members.join(comma)}}`;
}
