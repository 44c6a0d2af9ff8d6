/** Which names in a folder are backups of an active file, and their order. */

/** lumberjack, which Tetragon rotates with: `tetragon-2006-01-02T15-04-05.000.log`, in UTC. */
const LUMBERJACK_TIME = '\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}-\\d{2}\\.\\d{3}';
/** The kubelet, for logs of containers: `0.log.20060102-150405`. */
const KUBELET_TIME = '\\d{8}-\\d{6}';
export const COMPRESSED = '.gz';

const ANY_BACKUP = new RegExp(
  `(-${LUMBERJACK_TIME}(\\.[^.]*)?|\\.${KUBELET_TIME})(\\.gz)?(\\.tmp)?$|\\.gz(\\.tmp)?$`,
);

export interface BackupName {
  /** The name without `.gz`: a backup and its compressed copy are one file. Stems of one log sort by time. */
  readonly stem: string;
  readonly isCompressed: boolean;
}

/** The recogniser for the backups of the active file `activeName` (a name without folder). */
export function backupNames(activeName: string): (name: string) => BackupName | undefined {
  const dot = activeName.lastIndexOf('.');
  const base = dot < 0 ? activeName : activeName.slice(0, dot);
  const extension = dot < 0 ? '' : activeName.slice(dot);
  const stems = new RegExp(
    `^(${escaped(base)}-${LUMBERJACK_TIME}${escaped(extension)}|${escaped(activeName)}\\.${KUBELET_TIME})$`,
  );
  return (name) => {
    const isCompressed = name.endsWith(COMPRESSED);
    const stem = isCompressed ? name.slice(0, -COMPRESSED.length) : name;
    return stems.test(stem) ? { stem, isCompressed } : undefined;
  };
}

/** Whether a glob that matches this name means it: a backup, or a half-written copy, is never an active file. */
export function isBackupName(name: string): boolean {
  return ANY_BACKUP.test(name);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
