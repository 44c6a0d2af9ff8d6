/**
 * Texts with references to secrets (`${file:/path}`, `${env:NAME}`). A file is read again when it has changed; while
 * it is missing after a good reading, the last text stays in force.
 */

import { type Reference, referencesOf, replaceReferences } from '../../rules/references.ts';
import { fileSecret, type Secret } from '../config/secret.ts';
import { messageOf } from '../errors.ts';

export class SecretText {
  readonly #text: string;
  readonly #files: Map<string, Secret>;
  /** Whether the text can be another one at the next reading. */
  readonly isConstant: boolean;

  constructor(text: string) {
    this.#text = text;
    this.#files = new Map();
    this.isConstant = referencesOf(text).length === 0;
  }

  /** @throws {Error} that names the reference and never its value */
  read(): string {
    if (this.isConstant) return this.#text;
    return replaceReferences(this.#text, (reference) => this.#resolve(reference));
  }

  #resolve({ kind, name }: Reference): string {
    if (kind === 'env') {
      const value = process.env[name] ?? '';
      if (value === '') throw new Error(`the variable ${name} is not set`);
      return value;
    }
    try {
      const secret = this.#files.get(name) ?? fileSecret(name);
      this.#files.set(name, secret);
      return secret.read();
    } catch (error) {
      throw new Error(`cannot read ${name}: ${messageOf(error)}`, { cause: error });
    }
  }
}
