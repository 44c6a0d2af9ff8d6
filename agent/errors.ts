/** One base error with stable codes; branch on the code, show the message. */

export type ErrorCode =
  | 'CONFIG' // a setting is wrong: exit code 78
  | 'RULES' // a rules document is wrong: exit code 78 at start, kept-old-rules at reload
  | 'STATE' // the state folder cannot be used
  | 'INTAKE' // a log cannot be read
  | 'DELIVERY' // a body cannot be sent
  | 'AGENT' // no running agent answers, or not as one
  | 'LISTEN' // the address of the agent's own server cannot be bound
  | 'KERNEL'; // a bug: the kernel broke its own contract

/**
 * The message reads `cannot X: cause` and, where there is one, ends with the way out.
 * `exitCode` follows sysexits: 78 is EX_CONFIG.
 */
export class TetrashipError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TetrashipError';
    this.code = code;
  }

  get exitCode(): number {
    return this.code === 'CONFIG' || this.code === 'RULES' ? 78 : 1;
  }
}

/** The `code` of a Node system error (`'ENOENT'`), or `''` for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What to show of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the process ends with when this stops it. */
export function exitCodeOf(error: unknown): number {
  return error instanceof TetrashipError ? error.exitCode : 1;
}
