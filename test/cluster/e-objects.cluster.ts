/** The API server's own judgement of everything that an operator applies, and a cluster of many nodes. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { attempt, clusterScript, eventually, helm, kubectl, PROJECT, SHARED, tryKubectl } from './kit.ts';

const CHART = join(PROJECT, 'deploy/helm/tetraship');
const URL = ['--set', 'parseable.urls={http://parseable.parseable:8000}'];
const FAKE_NODES = 100;

/** Unknown fields are errors. */
const serverSide = (manifests: string): Promise<{ code: number; text: string }> =>
  tryKubectl('apply --dry-run=server --validate=strict -f -', manifests);

const template = (...args: string[]): Promise<string> =>
  helm('template', 'tetraship', CHART, '--namespace', 'tetraship', ...URL, ...args);

const kustomized = (folder: string): Promise<string> =>
  kubectl(`kustomize ${join(PROJECT, 'deploy/kustomize', folder)}`);

describe('the server validates, unknown fields being errors', () => {
  test.each(['base', 'overlays/demo', 'overlays/production'])('kustomize %s', async (folder) => {
    expect(await serverSide(await kustomized(folder))).toMatchObject({ code: 0 });
  });

  test('the chart, with everything in it switched on that a plain cluster knows', async () => {
    const manifests = await template(
      ...['--set', 'networkPolicy.enabled=true', '--set', 'dashboard.enabled=true'],
      ...['--set', 'priorityClassName=system-node-critical', '--set', 'addColumns.cluster=test'],
      ...['--set', 'parseable.tls.caSecretName=ca', '--set', 'parseable.tls.clientSecretName=client'],
      ...['--set', 'parseable.tags.cluster=test', '--set', 'settings.TETRASHIP_COMPRESSION=gzip'],
      ...['--set', 'tetragon.logs={/var/log/tetragon/tetragon.log}', '--set', 'image.pullSecrets={registry}'],
    );
    expect(await serverSide(manifests)).toMatchObject({ code: 0 });
  });

  test('a misspelt field is refused', async () => {
    const wrong = (await kustomized('base')).replace('enableServiceLinks', 'enableServiceLink');
    const { code, text } = await serverSide(wrong);
    expect(code).not.toBe(0);
    expect(text).toContain('unknown field "spec.template.spec.enableServiceLink"');
  });

  test("Tetragon's policies, by Tetragon's own definitions", async () => {
    const folder = join(PROJECT, 'deploy/policies');
    const policies = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.yaml')) : [];
    await kubectl(`apply --server-side -f ${SHARED}data/crds`);
    await kubectl('wait --for=condition=Established --timeout=30s crd/tracingpolicies.cilium.io');
    for (const name of policies) {
      const { code, text } = await tryKubectl(
        `apply --dry-run=server --validate=strict -f ${join(folder, name)}`,
      );
      expect(code, `${name}: ${text}`).toBe(0);
    }
    console.log(`${policies.length} policies`);
  });
});

test('the chart and the kustomize base say the same', async () => {
  const rules = join(PROJECT, 'deploy/kustomize/base/rules/alerts.json');
  const chart = comparable(await template('--set-json', `rules={"alerts.json":${await readText(rules)}}`));
  const base = comparable(await kustomized('base'));
  for (const kind of ['ServiceAccount', 'ConfigMap', 'DaemonSet']) {
    expect(chart.get(kind), kind).toEqual(base.get(kind));
  }
});

test('the NetworkPolicy lets pods out to the ports of the URLs', async () => {
  const urls = '{http://a:8000,https://b,http://c,https://d:8443/x}';
  const manifests = await helm(
    ...['template', 't', CHART, '--set', `parseable.urls=${urls}`, '--set', 'networkPolicy.enabled=true'],
  );
  const policy = parseAllDocuments(manifests)
    .map((document) => document.toJS())
    .find((object) => object?.kind === 'NetworkPolicy');
  expect(policy.spec.egress[1].ports.map(({ port }: { port: number }) => port)).toEqual([
    8000, 443, 80, 8443,
  ]);
});

describe('Pod Security', () => {
  test('the level baseline refuses the pods, and says what it refuses', async () => {
    await kubectl('create namespace strict');
    await kubectl('label namespace strict pod-security.kubernetes.io/enforce=baseline');
    await kubectl('label namespace strict pod-security.kubernetes.io/warn=restricted');
    const { text } = await tryKubectl(
      '-n strict apply -f -',
      await helm('template', 'strict', CHART, '--namespace', 'strict', '--no-hooks', ...URL),
    );
    for (const words of ['hostPath', 'DAC_READ_SEARCH', 'runAsNonRoot']) expect(text).toContain(words);
    const refusal = await eventually('the refusal', async () => {
      const events = await kubectl('-n strict get events');
      return /FailedCreate.*violates PodSecurity "baseline.*/.exec(events)?.[0];
    });
    expect(refusal).toContain('non-default capabilities');
    expect(refusal).toContain('hostPath volumes');
    await kubectl('label namespace strict --overwrite pod-security.kubernetes.io/enforce=privileged');
    await kubectl('delete namespace strict --wait=false');
  });
});

describe('wrong values name the key', () => {
  test.each([
    ['parseable.url=http://x', "at '/parseable': additional properties 'url' not allowed"],
    ['parseable.urls={parseable:8000}', "at '/parseable/urls/0'"],
    [
      'settings.TETRASHIP_BATCH_BYTE=1MiB',
      "at '/settings': additional properties 'TETRASHIP_BATCH_BYTE' not allowed",
    ],
    ['settings.TETRASHIP_COMPRESSION=lz4', "at '/settings/TETRASHIP_COMPRESSION': value must be one of"],
    ['resources.limits.memory=160M', "at '/resources/limits/memory'"],
    ['tetragon.folders={logs}', "at '/tetragon/folders/0'"],
    ['maxUnavailable=0', "at '/maxUnavailable'"],
    ['rules.alerts=x', "at '/rules': additional properties 'alerts' not allowed"],
    ['image.tag=a b', "at '/image/tag'"],
    ['nodecolumn=x', "additional properties 'nodecolumn' not allowed"],
  ])('%s', async (setting, words) => {
    const { code, text } = await attempt('helm', ['template', 't', CHART, ...URL, '--set', setting]);
    expect(code).not.toBe(0);
    expect(text).toContain(words);
  });

  test('none at all', async () => {
    const { code, text } = await attempt('helm', ['template', 't', CHART]);
    expect(code).not.toBe(0);
    expect(text).toContain('parseable.urls is required');
  });
});

test(`${FAKE_NODES} more nodes get a pod each`, async () => {
  clusterScript('fake', String(FAKE_NODES));
  await eventually('a pod on each node', async () => {
    const ready = await kubectl('-n tetraship get daemonset tetraship -o jsonpath={.status.numberReady}');
    return Number(ready) === FAKE_NODES + 1 || undefined;
  });
});

async function readText(file: string): Promise<string> {
  return (await attempt('cat', [file])).text;
}

/** Objects by kind, without what only Helm writes and with documents as what they mean. */
function comparable(manifests: string): Map<string, unknown> {
  const objects = parseAllDocuments(manifests).map((document) => JSON.stringify(document.toJS()));
  const plain = objects.map((text) =>
    JSON.parse(
      text
        .replace(/"(helm\.sh\/chart|app\.kubernetes\.io\/(instance|version|managed-by))":"[^"]*",?/g, '')
        .replaceAll(',}', '}'),
    ),
  );
  for (const object of plain) {
    if (object?.kind === 'ConfigMap') object.data['alerts.json'] = JSON.parse(object.data['alerts.json']);
    if (object?.kind !== 'DaemonSet') continue;
    const [container] = object.spec.template.spec.containers;
    container.env.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1));
  }
  return new Map(plain.filter((object) => object !== null).map((object) => [object.kind, object]));
}
