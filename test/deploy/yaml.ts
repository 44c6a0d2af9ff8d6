/**
 * Reads the part of YAML that our manifests keep to, and refuses everything else: documents, block mappings and
 * sequences, plain and double-quoted scalars, literal blocks, comments. What one reader would take for a string and
 * another for something else (`yes`, `012`, `1e3`, a tab) is an error here.
 */

interface Line {
  readonly number: number;
  readonly indent: number;
  /** Without indent and comment; `''` for a blank or comment line. */
  readonly text: string;
  readonly raw: string;
}

type Yaml = string | number | boolean | null | Yaml[] | { [key: string]: Yaml };

const KEY = /^("(?:[^"\\]|\\.)*"|[A-Za-z0-9_./-]+):(?: (.*))?$/;

/** Up to a `#` that begins a comment: after white space, and in no quotes. */
const COMMENT = /^((?:"(?:[^"\\]|\\.)*"|[^"\s]|\s(?!#))*?\s?)(?:^|(?<=\s))#/;

function fail(line: Line | undefined, why: string): never {
  throw new Error(line === undefined ? why : `line ${line.number}: ${why}: ${line.raw}`);
}

function splitLines(text: string): Line[] {
  return text.split('\n').map((raw, index) => {
    const indent = raw.length - raw.trimStart().length;
    if (raw.slice(0, indent).includes('\t')) throw new Error(`line ${index + 1}: a tab`);
    const body = COMMENT.exec(raw)?.[1] ?? raw;
    return { number: index + 1, indent, text: body.trim(), raw };
  });
}

function scalar(text: string, line: Line): Yaml {
  if (text.startsWith('"')) {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : fail(line, 'not a string');
  }
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (/^(0|[1-9]\d*)$/.test(text)) return Number(text);
  if (/^([-+.\d][\d.eE+_-]*|0[xo].*|yes|no|on|off|y|n|null|~)$/i.test(text)) return fail(line, 'quote this');
  if (/^[[\]{}&*!|>'%@`,?:-]/.test(text) || /: |:$/.test(text)) return fail(line, 'outside of what we write');
  return text;
}

class Reader {
  #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  #peek(): Line | undefined {
    while (this.#lines[this.#at]?.text === '') this.#at++;
    return this.#lines[this.#at];
  }

  document(): Yaml {
    const first = this.#peek();
    if (first === undefined) return null;
    const value = this.#block(first.indent);
    const rest = this.#peek();
    return rest === undefined ? value : fail(rest, 'not expected here');
  }

  #block(indent: number): Yaml {
    const line = this.#peek();
    return line?.text.startsWith('- ') ? this.#sequence(indent) : this.#mapping(indent);
  }

  #sequence(indent: number): Yaml[] {
    const items: Yaml[] = [];
    for (let line = this.#peek(); line !== undefined && line.indent === indent; line = this.#peek()) {
      if (!line.text.startsWith('- ')) break;
      const text = line.text.slice(2);
      if (KEY.test(text)) {
        // `- key: value` opens a mapping whose indent is that of the key.
        this.#lines[this.#at] = { ...line, indent: indent + 2, text };
        items.push(this.#mapping(indent + 2));
      } else {
        this.#at++;
        items.push(scalar(text, line));
      }
    }
    return items;
  }

  #mapping(indent: number): Yaml {
    const result: { [key: string]: Yaml } = {};
    for (let line = this.#peek(); line !== undefined && line.indent >= indent; line = this.#peek()) {
      if (line.indent > indent) fail(line, 'wrong indent');
      const match = KEY.exec(line.text);
      if (match === null) fail(line, 'not `key: value`');
      const key = String(scalar(match[1] ?? '', line));
      if (Object.hasOwn(result, key)) fail(line, 'a key twice');
      this.#at++;
      result[key] = this.#value(match[2] ?? '', line);
    }
    return result;
  }

  #value(text: string, line: Line): Yaml {
    if (text === '|') return this.#literal(line);
    if (text !== '') return scalar(text, line);
    const next = this.#peek();
    const deeper =
      next !== undefined &&
      (next.indent > line.indent || (next.indent === line.indent && next.text.startsWith('- ')));
    return deeper ? this.#block(next.indent) : fail(line, 'no value');
  }

  #literal(parent: Line): string {
    const taken: string[] = [];
    const indent = this.#lines[this.#at]?.indent ?? 0;
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[++this.#at]) {
      if (line.raw.trim() !== '' && line.indent <= parent.indent) break;
      taken.push(line.raw.slice(indent));
    }
    return `${taken.join('\n').trimEnd()}\n`;
  }
}

/** All documents of a file. */
export function parseYaml(text: string): Yaml[] {
  return text.split(/^---$/m).map((document) => new Reader(splitLines(document)).document());
}
