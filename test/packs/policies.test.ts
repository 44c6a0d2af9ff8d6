import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { leavesOf } from '../../rules/lint.ts';
import { loadRules } from '../../rules/load.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const folder = path('../../deploy/policies');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const { rules } = loadRules(path('../../rules/packs'));

interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly kprobes: readonly { readonly call: string; readonly message: string }[] };
}
const read = (file: string): Policy => parse(readFileSync(join(folder, file), 'utf8'), { strict: true });

test('the ones that are promised', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'egress.yaml',
      'file-monitoring.yaml',
      'kernel-modules.yaml',
      'privileges.yaml',
      'sshd.yaml',
      'tcp-connect.yaml',
    ]),
  );
});

describe.each(files)('%s', (file) => {
  const { kind, metadata, spec } = read(file);
  const users = rules.filter((rule) => rule.annotations['policy'] === metadata.name);

  test('is a policy of that name, whose events explain themselves', () => {
    expect([kind, `${metadata.name}.yaml`]).toEqual(['TracingPolicy', file]);
    for (const { message } of spec.kprobes) expect(message).toMatch(/^[A-Z].{10,254}$/);
  });

  test('names the rules that need it, and they name it', () => {
    const named = metadata.annotations['tetraship/rules']?.trim().split(/\s+/);
    expect(named).toEqual(users.map(({ name }) => name));
    expect(users.length).toBeGreaterThan(0);
  });

  test('has no call that no rule asks about', () => {
    const asked = users.flatMap(({ expression }) => leavesOf(expression)).map(({ value }) => value);
    for (const { call } of spec.kprobes) expect(asked).toContain(call);
  });
});

const crd = path('../../../shared/data/crds/cilium.io_tracingpolicies.yaml');
const present = existsSync(crd);
describe.skipIf(!present)(`against Tetragon's schema${present ? '' : ' (skipped: no ../shared)'}`, () => {
  const validate = present ? validator() : undefined;

  test.each(files)('%s', (file) => {
    validate?.(read(file));
    expect(validate?.errors ?? []).toEqual([]);
  });

  test('which refuses what it does not know', () => {
    const policy = read('egress.yaml');
    const odd = { ...policy, spec: { kprobes: [{ ...policy.spec.kprobes[0], cal: 'x' }] } };
    expect(validate?.(odd)).toBe(false);
    expect(
      validate?.({ ...policy, spec: { kprobes: [{ call: 'x', args: [{ index: 0, type: 'scok' }] }] } }),
    ).toBe(false);
  });
});

/** The schema of the definition, with unknown fields as errors, as the API server takes them with strict validation. */
function validator(): ValidateFunction {
  const definition: { spec: { versions: { schema: { openAPIV3Schema: object } }[] } } = parse(
    readFileSync(crd, 'utf8'),
  );
  const schema = strict(definition.spec.versions[0]?.schema.openAPIV3Schema);
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(Object(schema));
}

function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const isClosed = 'properties' in copy && !('additionalProperties' in copy);
  return isClosed ? { ...copy, additionalProperties: false } : copy;
}
