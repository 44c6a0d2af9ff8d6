/** What intake counts; plain fields, read at scrape. */

export class IntakeStats {
  /** Uncompressed bytes handed on and consumed. */
  readBytes = 0;
  openFiles = 0;
  /** Files ever taken up for reading. */
  filesTaken = 0;
  /** Times an active path came to name another file. */
  rotations = 0;
  /** Files cut in place. */
  truncations = 0;
  /** Files, or rests of files, that vanished before they were read. */
  lostFiles = 0;
  /** A lower bound: from the sizes last seen. */
  lostBytes = 0;
  /** Times notifications came so fast that they were turned off for a while. */
  storms = 0;
  /** Times a file had to wait unopened because too many were held. */
  heldLimitHits = 0;
  /** By system error code. */
  readonly readErrors = new Map<string, number>();

  countReadError(code: string): void {
    this.readErrors.set(code, (this.readErrors.get(code) ?? 0) + 1);
  }
}
