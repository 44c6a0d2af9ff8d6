/** Vector's sources: which log is read, and from where. */

import type { ImportResult } from './import-result.ts';
import type { Section } from './import-section.ts';

/** Without counterpart, because nothing of it has to be said. */
const NEEDLESS = [
  'ignore_older_secs',
  'fingerprint',
  'glob_minimum_cooldown_ms',
  'max_read_bytes',
  'oldest_first',
  'rotate_wait_secs',
  'ignore_checkpoints',
  'ignore_not_found',
  'line_delimiter',
  'file_key',
  'host_key',
  'offset_key',
];
/** Where Tetragon's pods show their events when they print them. */
const CONTAINER_LOG = '/var/log/pods/*_tetragon-*/export-stdout/*.log';

export function importSource(source: Section, result: ImportResult): void {
  const type = source.text('type');
  if (type === 'file') importFile(source, result);
  else if (type === 'kubernetes_logs') importContainers(source, result);
  else if (type === 'internal_metrics' || type === 'host_metrics') {
    skipAll(source);
    result.note(source.path, 'the agent serves its own metrics at TETRASHIP_LISTEN, path /metrics');
  } else {
    skipAll(source);
    result.note(
      source.path,
      `a source of type ${type} has no counterpart: the agent reads Tetragon's log only`,
    );
  }
}

function importFile(source: Section, result: ImportResult): void {
  source.skip(...NEEDLESS);
  const paths = new Set(source.list('include').map((path) => activePath(path, source, result)));
  if (source.list('exclude').length > 0)
    result.note(source.at('exclude'), 'not needed: backups are known by their names, and read in order');
  result.set('TETRAGON_LOG', [...paths].join(','), source.at('include'));
  const begin = source.text('read_from');
  if (begin !== undefined) result.set('TETRASHIP_READ_FROM', begin, source.at('read_from'));
  else
    result.note(source.at('read_from'), 'Vector begins at the beginning by default, and so does the agent');
  result.setBytes('TETRASHIP_MAX_LINE', source.number('max_line_bytes'), source.at('max_line_bytes'));
  if (source.value('multiline') !== undefined)
    result.note(source.at('multiline'), 'has no counterpart: an event is one line');
  if (source.number('remove_after_secs') !== undefined)
    result.note(
      source.at('remove_after_secs'),
      "has no counterpart: Tetragon removes its own backups, the agent's mount is read-only",
    );
  for (const key of ['encoding', 'ignored_header_bytes']) {
    if (source.value(key) !== undefined)
      result.note(source.at(key), 'has no counterpart: the log is JSON in UTF-8');
  }
}

/** A glob over a folder would name the backups too; the agent finds them by the active file. */
function activePath(path: string, source: Section, result: ImportResult): string {
  const active = path.replace(/\/(?:\*|tetragon\*|\*\.log|tetragon\*\.log\*?|\*\.log\*)$/, '/tetragon.log');
  if (active !== path)
    result.note(source.at('include'), `${path} became ${active}: its backups are found by themselves`);
  return active;
}

function importContainers(source: Section, result: ImportResult): void {
  skipAll(source);
  result.set('TETRAGON_LOG', CONTAINER_LOG, source.path);
  result.note(
    source.path,
    "logs of containers became the files of Tetragon's container export-stdout; Tetragon's own log file (exportFilename) is the better source: it costs the container runtime nothing",
  );
}

function skipAll(section: Section): void {
  section.skip(...section.keys());
}
