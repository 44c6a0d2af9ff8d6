/** What an import found, as a file that can be used: environment variables, or values of the chart. */

import type { ImportResult } from './import-result.ts';

/** Where `kubectl create secret` gets them. */
const SECRET_KEYS: Readonly<Record<string, string>> = {
  PARSEABLE_USERNAME: 'username',
  PARSEABLE_PASSWORD: 'password',
  PARSEABLE_API_KEY: 'api-key',
};
/** Taken from the node by a variable of the pod. */
const NODE_NAME = '$(TETRASHIP_NODE_NAME)';

/** One variable per line, for a shell or an env file. Secrets only by the place where they stand. */
export function asEnvironment(result: ImportResult): string {
  const { settings, secrets, columns, nodeColumn } = result;
  const added = [...columns].map(([name, value]) => `${name}=${value}`);
  if (nodeColumn !== undefined) added.unshift(`${nodeColumn}=${NODE_NAME}`);
  const all = new Map(settings);
  if (added.length > 0) all.set('TETRASHIP_ADD_COLUMNS', added.join(','));
  return [
    ...[...all].map(([name, value]) => `${name}=${quoted(value)}`),
    ...(nodeColumn === undefined
      ? []
      : [`# ${NODE_NAME} is filled in by Kubernetes; elsewhere write the node's name`]),
    ...[...secrets].map(
      ([name, path]) => `# ${name}= the text at ${path}, or ${name}_FILE= a file that holds it`,
    ),
    ...notes(result),
  ].join('\n');
}

function quoted(value: string): string {
  return /^[\w./:@%+,=-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Values of deploy/helm/tetraship. */
export async function asValues(result: ImportResult): Promise<string> {
  const { stringify } = await import('yaml');
  const settings = new Map(result.settings);
  const take = (name: string): string | undefined => {
    const value = settings.get(name);
    settings.delete(name);
    return value;
  };
  const username = take('PARSEABLE_USERNAME');
  const usesKey = result.secrets.has('PARSEABLE_API_KEY');
  const files = ['PARSEABLE_CA_FILE', 'PARSEABLE_CERT_FILE', 'PARSEABLE_KEY_FILE'].filter(
    (name) => take(name) !== undefined,
  );
  const tls = {
    ...(files.includes('PARSEABLE_CA_FILE') && { caSecretName: 'parseable-ca' }),
    ...(files.includes('PARSEABLE_CERT_FILE') && { clientSecretName: 'parseable-client' }),
    ...(take('PARSEABLE_SKIP_TLS_CHECK') === 'true' && { skipCheck: true }),
  };
  const url = take('PARSEABLE_URL');
  const stream = take('PARSEABLE_STREAM');
  const tags = pairs(take('PARSEABLE_TAGS'));
  const logs = take('TETRAGON_LOG')?.split(',') ?? [];
  const values = {
    parseable: {
      ...(url !== undefined && { urls: [url] }),
      ...(stream !== undefined && { stream }),
      ...(Object.keys(tags).length > 0 && { tags }),
      ...(usesKey && { credentials: { apiKeyKey: SECRET_KEYS['PARSEABLE_API_KEY'] } }),
      ...(Object.keys(tls).length > 0 && { tls }),
    },
    ...(logs.length > 0 && { tetragon: { folders: foldersOf(logs), logs } }),
    ...(result.nodeColumn !== undefined && { nodeColumn: result.nodeColumn }),
    ...(result.columns.size > 0 && { addColumns: Object.fromEntries(result.columns) }),
    ...(settings.size > 0 && { settings: Object.fromEntries(settings) }),
  };
  const comments = [
    ...secretCommand(result, username),
    ...files.map((name) => `# ${name}: put the file into the Secret named under tls`),
  ];
  return `${stringify(values)}${[...comments, ...notes(result)].join('\n')}`;
}

function secretCommand(result: ImportResult, username: string | undefined): string[] {
  const items = [...result.secrets].map(
    ([name, path]) => `--from-literal=${SECRET_KEYS[name] ?? name}='the text at ${path}'`,
  );
  if (username !== undefined) items.unshift(`--from-literal=username=${quoted(username)}`);
  if (items.length === 0)
    return [
      '# Nothing says who we are to the server: the chart takes that from the Secret tetraship-credentials.',
    ];
  return [
    '# kubectl create secret generic tetraship-credentials \\',
    ...items.map((item, index) => `#   ${item}${index < items.length - 1 ? ' \\' : ''}`),
  ];
}

/** The folders of the paths, as far as they are no patterns. */
function foldersOf(logs: readonly string[]): string[] {
  const folders = logs.map((path) => path.replace(/\/[^/]*[*?[{].*$/, '/x').replace(/\/[^/]*$/, '') || '/');
  return [...new Set(folders)];
}

function pairs(text = ''): Record<string, string> {
  const items = text.split(',').filter((item) => item !== '');
  return Object.fromEntries(
    items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
  );
}

/** As comments, so that the whole output is a file. */
function notes({ notes: lines }: ImportResult): string[] {
  return lines.length === 0 ? [] : ['#', '# To know:', ...lines.map((line) => `# - ${line}`)];
}
