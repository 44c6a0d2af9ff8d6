/** The command `tetraship import`: from another program's configuration to ours. */

import { type Command, Option } from 'commander';
import { TetrashipError } from '../errors.ts';

export interface ImportOptions {
  readonly format?: 'env' | 'helm';
}

export function addImportCommands(root: Command): void {
  root
    .command('import')
    .description("find the settings that do what another program's configuration does")
    .command('vector')
    .description(
      'of Vector: its configuration, or Helm values that hold one; prints settings, and what has no counterpart',
    )
    .argument('<file>', 'YAML, TOML or JSON; - is standard input')
    .addOption(
      new Option(
        '--format <format>',
        'environment variables, or values of our chart (default: as the file)',
      ).choices(['env', 'helm']),
    )
    .action(async (file: string, options: ImportOptions) => runImport(file, options));
}

/** @throws {TetrashipError} CONFIG, when the file is none of Vector's, or ships nothing to Parseable */
async function runImport(file: string, { format }: ImportOptions): Promise<void> {
  const { readDocument } = await import('./import-document.ts');
  const { importVector } = await import('./import-vector.ts');
  const { asEnvironment, asValues } = await import('./import-print.ts');
  const { say } = await import('./say.ts');
  const { result, isHelm, found } = importVector(await readDocument(file));
  if (!found)
    throw new TetrashipError(
      'CONFIG',
      'cannot import: nothing in it ships to Parseable. Expected is a configuration of Vector with a sink of type http, or Helm values that hold one in customConfig',
    );
  const wanted = format ?? (isHelm ? 'helm' : 'env');
  say(wanted === 'helm' ? await asValues(result) : asEnvironment(result));
}
