import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeOptions } from '../../agent/config/describe.ts';
import { OPTIONS } from '../../agent/config/options.ts';
import { loadConfig } from '../../agent/config.ts';
import { parseDocument } from '../../rules/document.ts';
import { strictProblems } from './strict.ts';
import { parseYaml } from './yaml.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

interface Node {
  readonly name?: unknown;
  readonly value?: unknown;
  readonly valueFrom?: unknown;
  readonly mountPath?: unknown;
}

/** Down a path of keys and indices; a missing step fails the test by name. */
function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((node, key) => {
    const next: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined;
    if (next === undefined) throw new Error(`no ${path.join('.')}`);
    return next;
  }, value);
}

function list(value: unknown): Node[] {
  return Array.isArray(value) ? value : [];
}

const objects = new Map(
  parseYaml(read('deploy/daemonset.yaml')).map((object) => [String(at(object, 'kind')), object]),
);
const daemonSet = objects.get('DaemonSet');
const pod = at(daemonSet, 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0);
const environment = list(at(container, 'env'));
const env = (name: string): string => String(environment.find((entry) => entry.name === name)?.value ?? '');

describe('the manifest', () => {
  test.each([...objects])('%s is right by the schema, without unknown fields', async (_, object) => {
    expect(await strictProblems(Object(object))).toEqual([]);
  });
  test('holds what belongs together, in one namespace', () => {
    expect([...objects.keys()]).toEqual(['Namespace', 'ServiceAccount', 'Secret', 'ConfigMap', 'DaemonSet']);
    for (const [kind, object] of objects) {
      expect(at(object, 'metadata', kind === 'Namespace' ? 'name' : 'namespace')).toBe('tetraship');
    }
    expect(at(daemonSet, 'spec', 'selector', 'matchLabels')).toEqual(
      at(daemonSet, 'spec', 'template', 'metadata', 'labels'),
    );
    expect(at(pod, 'serviceAccountName')).toBe(at(objects.get('ServiceAccount'), 'metadata', 'name'));
    const volumes = list(at(pod, 'volumes'));
    expect(volumes.map((volume) => volume.name)).toEqual(
      list(at(container, 'volumeMounts')).map((mount) => mount.name),
    );
    expect(at(volumes, 3, 'secret', 'secretName')).toBe(at(objects.get('Secret'), 'metadata', 'name'));
    expect(at(volumes, 4, 'configMap', 'name')).toBe(at(objects.get('ConfigMap'), 'metadata', 'name'));
  });
  test('its settings are accepted', () => {
    const settings = environment.map((entry): [string, string] => {
      const value = entry.valueFrom === undefined ? String(entry.value) : 'node-1';
      return [String(entry.name), value.replaceAll('$(TETRASHIP_NODE_NAME)', 'node-1')];
    });
    const known = describeOptions().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
    expect(settings.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([]);
    const noFiles = settings.filter(([name]) => !name.endsWith('_FILE'));
    expect(loadConfig(Object.fromEntries(noFiles))).toMatchObject({
      nodeName: 'node-1',
      addColumns: [['shipped_from', 'node-1']],
    });
    expect(environment[0]).toEqual({
      name: 'TETRASHIP_NODE_NAME',
      valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } },
    });
  });
  test('paths in settings lie in mounts', () => {
    const mounts = new Map(list(at(container, 'volumeMounts')).map((mount) => [mount.mountPath, mount]));
    expect(env('PARSEABLE_USERNAME_FILE')).toBe('/etc/tetraship/credentials/username');
    expect(env('PARSEABLE_PASSWORD_FILE')).toBe('/etc/tetraship/credentials/password');
    expect(Object.keys(Object(at(objects.get('Secret'), 'stringData')))).toEqual(['username', 'password']);
    expect(mounts.has('/etc/tetraship/credentials')).toBe(true);
    expect(mounts.has(env('TETRASHIP_RULES'))).toBe(true);
    expect(mounts.get(OPTIONS.stateDir.fallback)).not.toHaveProperty('readOnly');
    for (const log of String(OPTIONS.logs.fallback).split(',')) {
      const mount = [...mounts.keys()].find((path) => log.startsWith(`${path}/`));
      expect(mounts.get(mount), log).toMatchObject({ readOnly: true });
    }
  });
  test('the rules in it are good', () => {
    const data = at(objects.get('ConfigMap'), 'data', 'alerts.json');
    const names = parseDocument(String(data), 'alerts.json').rules.map(({ name }) => name);
    expect(names).toEqual(['wget_command', 'curl_command']);
  });
  test('the grace for a pod is ten seconds longer than the grace of the agent', () => {
    expect(env('TETRASHIP_SHUTDOWN_GRACE')).toBe(OPTIONS.shutdownGraceMs.fallback);
    const grace = OPTIONS.shutdownGraceMs.kind.parse(env('TETRASHIP_SHUTDOWN_GRACE'));
    expect(at(pod, 'terminationGracePeriodSeconds')).toBe(grace / 1000 + 10);
  });
  test('asks for little and may do little', () => {
    expect(at(container, 'resources')).toEqual({
      requests: { cpu: '20m', memory: '96Mi' },
      limits: { memory: '160Mi' },
    });
    expect(at(container, 'securityContext')).toEqual({
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['DAC_READ_SEARCH'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(at(pod, 'automountServiceAccountToken')).toBe(false);
    expect(at(pod, 'tolerations')).toEqual([{ operator: 'Exists' }]);
    for (const risky of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(risky);
  });
  test('probes and scrapes reach the port that the agent listens on', () => {
    const { port } = OPTIONS.listen.kind.parse(String(OPTIONS.listen.fallback));
    expect(at(container, 'ports')).toEqual([{ name: 'metrics', containerPort: port }]);
    for (const [probe, path] of [
      ['startupProbe', '/healthz'],
      ['livenessProbe', '/healthz'],
      ['readinessProbe', '/readyz'],
    ] as const) {
      expect(at(container, probe, 'httpGet')).toEqual({ path, port: 'metrics' });
    }
    expect(at(daemonSet, 'spec', 'template', 'metadata', 'annotations', 'prometheus.io/port')).toBe(
      String(port),
    );
    expect(read('deploy/Dockerfile')).toContain(`EXPOSE ${port}`);
  });
});

describe('the strict check', () => {
  const good = () => structuredClone(Object(daemonSet));
  test.each<[string, (object: Node) => void, string]>([
    [
      'an unknown field',
      (object) =>
        Object.assign(Object(at(object, 'spec', 'template', 'spec', 'containers', 0)), {
          imagePulPolicy: 'x',
        }),
      '/spec/template/spec/containers/0/imagePulPolicy: unknown field',
    ],
    ['one at the top', (object) => Object.assign(object, { specs: {} }), '/specs: unknown field'],
    [
      'one deep in a list',
      (object) =>
        Object.assign(Object(at(object, 'spec', 'template', 'spec', 'volumes', 0, 'hostPath')), { typ: 'x' }),
      '/spec/template/spec/volumes/0/hostPath/typ: unknown field',
    ],
    [
      'a wrong type',
      (object) => Object.assign(Object(at(object, 'spec', 'template', 'spec')), { hostNetwork: 'yes' }),
      '/spec/template/spec/hostNetwork: type {"type":"boolean"}',
    ],
    [
      'a missing field',
      (object) => Reflect.deleteProperty(Object(at(object, 'spec')), 'selector'),
      '/spec: required {"missingProperty":"selector"}',
    ],
  ])('finds %s', async (_, damage, want) => {
    const object = good();
    damage(object);
    expect(await strictProblems(object)).toEqual([want]);
  });
  test('knows no other kinds', async () => {
    expect(await strictProblems({ apiVersion: 'v1', kind: 'Pot' })).toEqual(['v1 Pot: no schema']);
  });
});

describe('the reader of YAML', () => {
  test('reads what we write', () => {
    const text =
      'a: 1 # one\nb:\n  - x: "y: #z"\n    k: v\n  - plain text\nc: |\n  two\n    lines # kept\n\n  end\nd:\n- 0\ne/f.g: true\n---\nh: x#y';
    expect(parseYaml(text)).toEqual([
      {
        a: 1,
        b: [{ x: 'y: #z', k: 'v' }, 'plain text'],
        c: 'two\n  lines # kept\n\nend\n',
        d: [0],
        'e/f.g': true,
      },
      { h: 'x#y' },
    ]);
  });
  test.each([
    'a: 1\na: 2',
    'a: yes',
    'a: 012',
    'a: 1e3',
    'a: [1]',
    'a: {}',
    'a: &x 1',
    "a: 'x'",
    'a:',
    'a: b: c',
    'a: 1\n  b: 2',
    '\ta: 1',
    'a: ~',
    'a: >\n  x',
    'text',
  ])('refuses %j', (text) => expect(() => parseYaml(text)).toThrow());
});
