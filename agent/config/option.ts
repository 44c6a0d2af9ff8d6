/** What the table of settings is made of: one option, in three needs. */

import type { Kind } from './values.ts';

/** `process.env`, or what a test takes for it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Group =
  | 'Server'
  | 'Log'
  | 'Node and state'
  | 'Flattening'
  | 'Filters'
  | 'Batches'
  | 'Sending'
  | 'Rules'
  | 'Operations'
  | 'Proxy';

/** What every setting has, whatever its type. */
export interface OptionFacts {
  readonly name: string;
  /** Other spellings of the name, tried after it. */
  readonly aliases?: readonly string[];
  readonly group: Group;
  readonly help: string;
  /** Never shown; also readable from the file that `<name>_FILE` names. */
  readonly secret?: true;
}

export interface Option<T> extends OptionFacts {
  readonly kind: Kind<T>;
  /** In the words of the environment, so that it is parsed and printed as anything the operator writes. */
  readonly fallback?: string | (() => string);
  /** How the manual shows a fallback that is computed. */
  readonly fallbackText?: string;
  readonly need: 'required' | 'default' | 'optional';
}

type Facts<T> = OptionFacts & { readonly kind: Kind<T> };
type WithDefault<T> = Facts<T> & {
  readonly fallback: string | (() => string);
  readonly fallbackText?: string;
};
export type RequiredOption<T> = Option<T> & { readonly need: 'required' };
export type DefaultOption<T> = Option<T> & {
  readonly need: 'default';
  readonly fallback: string | (() => string);
};
export type OptionalOption<T> = Option<T> & { readonly need: 'optional' };

export const required = <T>(facts: Facts<T>): RequiredOption<T> => ({ ...facts, need: 'required' });
export const withDefault = <T>(facts: WithDefault<T>): DefaultOption<T> => ({ ...facts, need: 'default' });
export const optional = <T>(facts: Facts<T>): OptionalOption<T> => ({ ...facts, need: 'optional' });
