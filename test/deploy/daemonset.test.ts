import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { describeOptions } from '../../agent/config/describe.ts';
import { OPTIONS } from '../../agent/config/options.ts';
import { loadConfig } from '../../agent/config.ts';
import { parseDocument } from '../../rules/document.ts';
import { strictProblems } from './strict.ts';

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

const BASE = 'deploy/kustomize/base';
const DEMO = 'deploy/kustomize/overlays/demo';

/** The objects of a file. */
const objectsIn = (file: string): unknown[] =>
  parseAllDocuments(read(file)).map((document) => document.toJS());

const FILES = [
  `${BASE}/namespace.yaml`,
  `${BASE}/serviceaccount.yaml`,
  `${BASE}/daemonset.yaml`,
  `${DEMO}/parseable.yaml`,
  'deploy/kustomize/components/network-policy/networkpolicy.yaml',
  'deploy/kustomize/components/pod-monitor/podmonitor.yaml',
];
const objects = new Map(
  FILES.filter((file) => file.startsWith(BASE))
    .flatMap(objectsIn)
    .map((object) => [String(at(object, 'kind')), object]),
);
const kustomization = objectsIn(`${BASE}/kustomization.yaml`)[0];
const daemonSet = objects.get('DaemonSet');
const pod = at(daemonSet, 'spec', 'template', 'spec');
const container = at(pod, 'containers', 0);
const environment = list(at(container, 'env'));
const env = (name: string): string => String(environment.find((entry) => entry.name === name)?.value ?? '');

describe('the manifest', () => {
  test.each(FILES)('%s is right by the schema, without unknown fields', async (file) => {
    for (const object of objectsIn(file)) expect(await strictProblems(Object(object))).toEqual([]);
  });
  test('holds what belongs together, in one namespace', () => {
    expect(at(kustomization, 'namespace')).toBe(at(objects.get('Namespace'), 'metadata', 'name'));
    expect(list(at(kustomization, 'resources')).map((file) => `${BASE}/${file}`)).toEqual(
      FILES.filter((file) => file.startsWith(BASE)),
    );
    expect(at(daemonSet, 'spec', 'selector', 'matchLabels')).toEqual(
      at(daemonSet, 'spec', 'template', 'metadata', 'labels'),
    );
    expect(at(pod, 'serviceAccountName')).toBe(at(objects.get('ServiceAccount'), 'metadata', 'name'));
    const volumes = list(at(pod, 'volumes'));
    expect(volumes.map((volume) => volume.name).toSorted()).toEqual(
      list(at(container, 'volumeMounts'))
        .map((mount) => mount.name)
        .toSorted(),
    );
    expect(at(volumes, 3, 'configMap', 'name')).toBe(at(kustomization, 'configMapGenerator', 0, 'name'));
  });
  test('its settings are accepted', () => {
    const settings = environment.map((entry): [string, string] => {
      const value = entry.valueFrom === undefined ? String(entry.value) : 'node-1';
      return [String(entry.name), value.replaceAll('$(TETRASHIP_NODE_NAME)', 'node-1')];
    });
    const known = describeOptions()
      .flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]))
      .concat('NODE_OPTIONS');
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
    const [secret] = list(at(objectsIn(`${DEMO}/kustomization.yaml`)[0], 'secretGenerator'));
    expect(at(secret, 'name')).toBe(at(pod, 'volumes', 2, 'secret', 'secretName'));
    expect(at(secret, 'literals')).toEqual(['username=admin', 'password=admin']);
    expect(mounts.has('/etc/tetraship/credentials')).toBe(true);
    expect(mounts.has(env('TETRASHIP_RULES'))).toBe(true);
    expect(mounts.get(OPTIONS.stateDir.fallback)).not.toHaveProperty('readOnly');
    for (const log of String(OPTIONS.logs.fallback).split(',')) {
      const mount = [...mounts.keys()].find((path) => log.startsWith(`${path}/`));
      expect(mounts.get(mount), log).toMatchObject({ readOnly: true });
    }
  });
  test('the rules in it are good', () => {
    const [file] = list(at(kustomization, 'configMapGenerator', 0, 'files'));
    const names = parseDocument(read(`${BASE}/${file}`), 'alerts.json').rules.map(({ name }) => name);
    expect(names).toEqual(['wget_command', 'curl_command']);
  });
  test('the grace for a pod is ten seconds longer than the grace of the agent', () => {
    expect(env('TETRASHIP_SHUTDOWN_GRACE')).toBe(OPTIONS.shutdownGraceMs.fallback);
    const grace = OPTIONS.shutdownGraceMs.kind.parse(env('TETRASHIP_SHUTDOWN_GRACE'));
    expect(at(pod, 'terminationGracePeriodSeconds')).toBe(grace / 1000 + 10);
  });
  test("V8's heap is two fifths of the memory limit", () => {
    const limitMiB = Number.parseInt(String(at(container, 'resources', 'limits', 'memory')), 10);
    expect(env('NODE_OPTIONS')).toBe(`--max-old-space-size=${(limitMiB * 2) / 5}`);
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
