/** Vector's transforms: programs of VRL, of which the lines that flatten, name and drop have a counterpart. */

import type { ImportResult } from './import-result.ts';
import type { Section } from './import-section.ts';

/** Vector's own fields around a line; the agent has none. */
const OWN_FIELDS = /^\.?(message|file|host|hostname|source_type|timestamp|kubernetes(\..*)?|stream|@.*)$/;
const NAME = String.raw`\.?[A-Za-z_@"][\w.@"-]*`;

interface Line {
  readonly pattern: RegExp;
  /** Returns what is to be said of the line, if anything. */
  readonly take: (match: RegExpExecArray, result: ImportResult, path: string) => string | undefined;
}

const nothing = (): undefined => undefined;

/** In this order: the first that fits a line takes it. */
const LINES: readonly Line[] = [
  { pattern: /^(#.*|[{}]|\}? *else *\{)$/, take: nothing },
  // . = parse_json!(.message), event, err = parse_json(string!(.message)), . = merge(., parsed)
  { pattern: /^[\w., |?]*= *(object!?\()?parse_json!?\([^)]*\)*( \?\? .*)?$/, take: nothing },
  { pattern: /^\. *\|?= *(merge!?\(\., *\w+\)|\w+|\{\})$/, take: nothing },
  { pattern: /^if *\(?(err|is_\w+\(.*\)).*\{$/, take: nothing },
  {
    pattern: /^(?:\.|\w+) *\|?= *flatten!?\((.*)\)$/,
    take: (match) =>
      /, *(separator: *)?["']_["'] *\)?$/.test(match[1] ?? '') || /["']_["']/.test(match[1] ?? '')
        ? undefined
        : 'joins names with another separator than `_`: columns will be called otherwise than before',
  },
  { pattern: /^\.? *= *flatten.*$/, take: nothing },
  {
    pattern: new RegExp(`^(?:\\w+ *= *)?del\\((${NAME})\\)$`),
    take: (match, result) => drop(match[1], result),
  },
  {
    pattern: new RegExp(
      `^(${NAME}) *= *(?:get_hostname!?\\(\\)|get_env_var!?\\( *"(?:VECTOR_SELF_)?NODE_NAME" *\\)|"\\$\\{?(?:VECTOR_SELF_)?NODE_NAME\\}?")$`,
    ),
    take: (match, result) => {
      result.nodeColumn = columnOf(match[1]);
      return undefined;
    },
  },
  {
    pattern: new RegExp(`^(${NAME}) *= *"([^"$,]*)"$`),
    take: (match, result) => {
      result.columns.set(columnOf(match[1]), match[2] ?? '');
      return undefined;
    },
  },
  {
    pattern: new RegExp(`^(${NAME}) *= *redact!?\\(.*$`),
    take: (match) =>
      `redacts a column: TETRASHIP_REDACT_COLUMNS=${columnOf(match[1])} sends it as [redacted]`,
  },
  {
    pattern: /\babort\b/,
    take: () => 'drops events: say which in TETRASHIP_INCLUDE or TETRASHIP_EXCLUDE, in the language of rules',
  },
];

export function importTransform(transform: Section, result: ImportResult): void {
  const type = transform.text('type');
  transform.skip('inputs');
  if (type === 'remap') {
    importRemap(transform, result);
    return;
  }
  const condition = type === 'filter' ? transform.text('condition') : undefined;
  transform.skip(...transform.keys());
  if (condition !== undefined)
    result.note(
      transform.at('condition'),
      `keeps only ${condition}: say it in TETRASHIP_INCLUDE, in the language of rules`,
    );
  else result.note(transform.path, `a transform of type ${type} has no counterpart`);
}

function importRemap(transform: Section, result: ImportResult): void {
  transform.skip('drop_on_error', 'drop_on_abort', 'reroute_dropped', 'metric_tag_values', 'timezone');
  const path = transform.at('source');
  for (const text of (transform.text('source') ?? '').split(/[\n;]/)) {
    const line = text.trim();
    if (line === '') continue;
    const known = LINES.map(({ pattern, take }) => ({ match: pattern.exec(line), take })).find(
      ({ match }) => match !== null,
    );
    const told = known?.match ? known.take(known.match, result, path) : 'has no counterpart';
    if (told !== undefined) result.note(path, `\`${line}\` ${told}`);
  }
  if (transform.text('file') !== undefined)
    result.note(
      transform.at('file'),
      'the program stands in a file of its own: import it as `source` to see what becomes of it',
    );
}

/** As it is called once flattened. */
function columnOf(name = ''): string {
  return name.replace(/^\./, '').replaceAll('"', '').replaceAll('.', '_');
}

function drop(name: string | undefined, result: ImportResult): undefined {
  if (name === undefined || OWN_FIELDS.test(name)) return undefined;
  const before = result.settings.get('TETRASHIP_DROP_COLUMNS');
  // What lies below it goes too.
  const added = [columnOf(name), `${columnOf(name)}_*`].join(',');
  result.set('TETRASHIP_DROP_COLUMNS', before === undefined ? added : `${before},${added}`, name);
}
