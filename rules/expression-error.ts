/** Where a text stops being an expression, and how to show it. */

/** Where and why a text is not an expression; `formatError` makes it readable. */
export class ExpressionError extends Error {
  /** In UTF-16 units from the beginning of the text given to `parse`. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}

/** Room shown on either side of the fault when the line is longer than a terminal. */
const CONTEXT_CHARS = 60;

/**
 * Three lines for people: `line L, column C: why`, the line of the text, and a caret under the fault.
 * Columns count characters from 1. Control characters of the text are not passed on.
 */
export function formatError(text: string, error: ExpressionError): string {
  const before = text.slice(0, error.offset).split('\n');
  const head = before.at(-1) ?? '';
  const tail = text.slice(error.offset).split('\n', 1)[0] ?? '';
  const left = tidy(head).slice(-CONTEXT_CHARS);
  const right = tidy(tail).slice(0, CONTEXT_CHARS);
  return `line ${before.length}, column ${[...head].length + 1}: ${error.message}\n  ${left.join('')}${right.join('')}\n  ${' '.repeat(left.length)}^`;
}

function tidy(text: string): string[] {
  return [...text.replace(/\p{C}/gu, ' ')];
}
