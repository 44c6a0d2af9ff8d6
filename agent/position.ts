/** Where bytes stand: the vocabulary that intake, delivery and the checkpoint share. */

/**
 * What makes a file the same file, whatever its name: device, inode and the hash of its whole first line
 * (newline included). An inode number alone is reused at once on ext4.
 */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** Hex, or `''` while the first newline has not been read: the identity is provisional. */
  readonly firstLineHash: string;
}

/** One physical file being read. `path` follows renames as far as they are seen; it is for people, not for logic. */
export interface TrackedFile {
  /** Stable key of the lineage this file belongs to: the configured active path (`-` for standard input). */
  readonly source: string;
  path: string;
  identity: FileIdentity;
}

/** A place in a file; `offsetBytes` counts uncompressed bytes from the beginning. */
export interface Position {
  readonly file: TrackedFile;
  readonly offsetBytes: number;
}
