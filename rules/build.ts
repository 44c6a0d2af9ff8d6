/**
 * Compiles schema.json to a validator: `node rules/build.ts` writes validate.js beside it. Compiled at start
 * instead, it would cost each agent 13 MB of resident memory and 40 ms.
 */

import { writeFileSync } from 'node:fs';
import { _, Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { FORMATS } from './formats.ts';
import schema from './schema.json' with { type: 'json' };

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
  code: { source: true, esm: true, formats: _`CHECKS` },
});
for (const [name, fault] of FORMATS) ajv.addFormat(name, (text: string) => fault(text) === undefined);

const code = standalone.default(ajv, ajv.compile(schema));
writeFileSync(
  new URL('validate.js', import.meta.url),
  `// Written by build.ts from schema.json.
import { createRequire } from 'node:module';
import { CHECKS } from './formats.ts';
const require = createRequire(import.meta.url);
${code}
`,
);
