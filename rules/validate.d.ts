import type { ErrorObject } from 'ajv';
import type { AlertJson } from './alert.ts';
import type { TargetJson } from './target.ts';

export interface DocumentJson {
  readonly version: 'v1';
  readonly alerts: readonly AlertJson[];
  readonly tetraship?: { readonly defaultTargets?: readonly TargetJson[] };
}

/** The validator that build.ts makes of schema.json; its `errors` are those of the last call. */
declare const validate: {
  (document: unknown): document is DocumentJson;
  errors?: ErrorObject[] | null;
};
export default validate;
