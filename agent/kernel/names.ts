/** Column names between JavaScript strings and the kernel's escaped spelling. */

/** The shortest JSON spelling, without quotes: the one the kernel writes. */
export function escapeName(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}

export function unescapeName(escaped: string): string {
  const name: unknown = JSON.parse(`"${escaped}"`);
  return typeof name === 'string' ? name : escaped;
}

/** As a column of that name is stored: the server writes `_` for a leading `@`. */
export function columnName(name: string): string {
  return name.startsWith('@') ? `_${name.slice(1)}` : name;
}

/** Columns that the server adds to each row itself; an event that brings one is refused whole. */
export const SERVER_COLUMNS: readonly string[] = ['p_timestamp', 'p_user_agent', 'p_src_ip', 'p_format'];
