/**
 * References in the strings of a target: `${file:/path}` and `${env:NAME}` stand for a secret that is kept elsewhere.
 * Everything else is text, other `${…}` too: documents of the original format mean it so.
 */

const REFERENCE = /\$\{(file|env):([^{}]*)\}/g;

export interface Reference {
  readonly kind: 'file' | 'env';
  /** A path, or a variable's name. */
  readonly name: string;
}

export function hasReference(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

/** Why a reference can never be read, in plain words; `undefined` when all are well formed. */
export function referenceFault(text: string): string | undefined {
  for (const { kind, name } of referencesOf(text)) {
    if (kind === 'file' && !name.startsWith('/')) return `names no absolute path in "\${file:…}"`;
    if (kind === 'env' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `names no variable in "\${env:…}"`;
  }
  return undefined;
}

/** The references of a text, in order. */
export function referencesOf(text: string): Reference[] {
  return [...text.matchAll(REFERENCE)].map(([, kind, name = '']) => ({
    kind: kind === 'file' ? 'file' : 'env',
    name,
  }));
}

/** The text with each reference replaced. */
export function replaceReferences(text: string, read: (reference: Reference) => string): string {
  return text.replace(REFERENCE, (_, kind: string, name: string) =>
    read({ kind: kind === 'file' ? 'file' : 'env', name }),
  );
}
