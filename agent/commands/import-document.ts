/** Reads a configuration file of another program: JSON, TOML or YAML, by its name or, without one, by trying. */

import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { messageOf, TetrashipError } from '../errors.ts';
import { MiB } from '../limits.ts';
import { printable } from '../ops/printable.ts';

/** A configuration is a few kilobytes; more is a log that was named by mistake. */
const MAX_DOCUMENT_BYTES = MiB;
/** Descriptor of standard input. */
const STANDARD_INPUT = 0;

type Parser = (text: string) => Promise<unknown>;

/** The parsers are loaded only here: the agent itself reads neither. */
const PARSERS: Readonly<Record<'json' | 'toml' | 'yaml', Parser>> = {
  json: async (text) => JSON.parse(text),
  toml: async (text) => (await import('smol-toml')).parse(text),
  // Aliases are bounded by the parser's own default, so that a small file cannot become a large one.
  yaml: async (text) => (await import('yaml')).parse(text, { prettyErrors: true }),
};

/**
 * @param file a path, or `-` for standard input
 * @throws {TetrashipError} CONFIG, when it cannot be read or is no map
 */
export async function readDocument(file: string): Promise<Readonly<Record<string, unknown>>> {
  const shown = file === '-' ? 'standard input' : printable(file);
  const text = readText(file, shown);
  let parsed: unknown;
  try {
    parsed = await parse(text, extname(file).toLowerCase());
  } catch (error) {
    throw fault(shown, messageOf(error));
  }
  if (!isMap(parsed)) throw fault(shown, 'it is no map of keys and values');
  return parsed;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function parse(text: string, extension: string): Promise<unknown> {
  if (extension === '.json') return PARSERS.json(text);
  if (extension === '.toml') return PARSERS.toml(text);
  if (extension === '.yaml' || extension === '.yml') return PARSERS.yaml(text);
  // JSON is YAML; a TOML file is none, or reads as one long text.
  try {
    const parsed = await PARSERS.yaml(text);
    if (isMap(parsed)) return parsed;
  } catch {
    // perhaps it is TOML
  }
  return PARSERS.toml(text);
}

function readText(file: string, shown: string): string {
  try {
    if (file !== '-' && statSync(file).size > MAX_DOCUMENT_BYTES)
      throw new Error(`it is larger than ${MAX_DOCUMENT_BYTES} bytes, so it is no configuration`);
    const text = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
    if (text.length > MAX_DOCUMENT_BYTES)
      throw new Error(`it is larger than ${MAX_DOCUMENT_BYTES} bytes, so it is no configuration`);
    return text;
  } catch (error) {
    throw fault(shown, messageOf(error));
  }
}

function fault(shown: string, cause: string): TetrashipError {
  return new TetrashipError('CONFIG', `cannot read ${shown} as a configuration: ${cause}`);
}
