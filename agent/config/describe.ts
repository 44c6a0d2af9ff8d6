/** The table of settings as facts and text: for `--help`, for the manual and for the start-up log line. */

import { withoutUserInfo } from '../ops/printable.ts';
import type { Environment, Group, Option } from './option.ts';
import { ALL_OPTIONS } from './options.ts';

export interface OptionDescription {
  readonly name: string;
  readonly group: Group;
  readonly accepts: string;
  readonly example: string;
  readonly help: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** As the operator would write it, or in words; `''` when there is none. */
  readonly fallback: string;
  /** The fallback is found out at start; the text only says what it is. */
  readonly computed: boolean;
}

function fallbackText(option: Option<unknown>): string {
  if (option.fallbackText !== undefined) return option.fallbackText;
  return typeof option.fallback === 'string' ? option.fallback : '';
}

/** Every setting, in the order of the manual. */
export function describeOptions(): readonly OptionDescription[] {
  return ALL_OPTIONS.map((option) => ({
    name: option.name,
    group: option.group,
    accepts: option.kind.accepts,
    example: option.kind.example,
    help: option.help,
    secret: option.secret === true,
    required: option.need === 'required',
    fallback: fallbackText(option),
    computed: option.fallbackText !== undefined,
  }));
}

/** What is in force, from name to text; secrets only as `[set]`, settings without a value are left out. */
export function describeSettings(env: Environment): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const option of ALL_OPTIONS) {
    const names = [option.name, ...(option.aliases ?? [])];
    const text = names.map((name) => env[name]?.trim() ?? '').find((candidate) => candidate !== '');
    const file = option.secret ? (env[`${option.name}_FILE`]?.trim() ?? '') : '';
    const fallback = typeof option.fallback === 'function' ? option.fallback() : option.fallback;
    if (file !== '') settings[`${option.name}_FILE`] = file;
    else if (text !== undefined) settings[option.name] = option.secret ? '[set]' : withoutUserInfo(text);
    else if (fallback !== undefined) settings[option.name] = fallback;
  }
  return settings;
}

const HELP_INDENT = 4;
const HELP_WIDTH = 100;

/** The settings part of `--help`. */
export function renderHelp(): string {
  const lines = [
    'Settings are environment variables. Sizes take KiB MiB GiB, times ms s m h. An empty variable is not set.',
    'The text of a secret X can stand in a file instead: X_FILE=/path. The file is read again when it changes.',
  ];
  let group = '';
  for (const option of describeOptions()) {
    if (option.group !== group) {
      group = option.group;
      lines.push('', `${group}:`);
    }
    const mark = option.required ? 'required' : option.fallback === '' ? '' : `default: ${option.fallback}`;
    const facts = [option.secret ? 'secret' : '', mark].filter((fact) => fact !== '').join(', ');
    lines.push(`  ${option.name}${facts === '' ? '' : `  (${facts})`}`);
    lines.push(...wrap(`${option.help} Accepted: ${option.accepts}.`.replaceAll('`', ''), HELP_INDENT));
  }
  return lines.join('\n');
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  for (const word of text.split(' ')) {
    if (line.length + word.length > HELP_WIDTH && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
