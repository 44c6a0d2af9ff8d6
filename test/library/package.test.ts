/** The package as others get it: packed, installed into an empty folder, run, imported, type checked. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from '../e2e/agent.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
/** The kernel, the compiled code, its types, and little else. */
const MAX_PACKED_BYTES = 700 * 1024;

interface Packed {
  readonly size: number;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe('the package', { timeout: 120_000 }, () => {
  const place = new Workplace();
  const app = place.join('app');
  let packed: Packed;

  const npm = (folder: string, ...args: string[]): string =>
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const example = (name: string): string => {
    const source = readFileSync(join(root, 'agent', 'library', `${name}.ts`), 'utf8');
    const block = /@example\n([\s\S]*?)\n \*\//.exec(source)?.[1] ?? '';
    return block.replaceAll(/^ \* ?/gm, '');
  };

  beforeAll(() => {
    // A build of its own: other tests run from dist/ meanwhile.
    const source = place.join('source');
    mkdirSync(source);
    execFileSync(process.execPath, [join(root, 'deploy', 'build.ts'), join(source, 'dist')], {
      stdio: 'inherit',
    });
    for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
      copyFileSync(join(root, name), join(source, name));
    const [first] = JSON.parse(npm(source, 'pack', '--json', '--ignore-scripts'));
    packed = first;
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}');
    npm(
      app,
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      join(source, packed.filename),
    );
  }, 300_000);
  afterAll(() => place[Symbol.dispose]());

  test('holds what is needed, and is small', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const path of [
      'package.json',
      'README.md',
      'LICENSE',
      'dist/agent/main.js',
      'dist/agent/kernel/kernel.wasm',
    ])
      expect(paths).toContain(path);
    const others = paths.filter(
      (path) => !/^dist\/.*\.(js|d\.ts|wasm|json)$|^[A-Z]+(\.md)?$|^package\.json$/.test(path),
    );
    expect(others).toEqual([]);
    // The packs bring their cases along; no test of ours is in it, and no reference implementation.
    const ours = paths.filter((path) => /^dist\/(?!agent|rules)|\/reference[-.]|\.test\.js/.test(path));
    expect(ours.filter((path) => !path.startsWith('dist/rules/packs/'))).toEqual([]);
    expect(packed.size).toBeLessThan(MAX_PACKED_BYTES);
  });

  test('npx tetraship --help runs where it is installed', () => {
    const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'tetraship', '--help'], {
      cwd: app,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Usage: tetraship');
    const version = spawnSync('npx', ['--no-install', 'tetraship', '--version'], {
      cwd: app,
      encoding: 'utf8',
    });
    expect(version.stdout).toBe(`${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`);
  });

  test.each(['kernel', 'rules'])('the example of tetraship/%s prints what it says', (name) => {
    const code = example(name);
    const said = /console\.log\(.*\); \/\/ (.*)$/m.exec(code)?.[1];
    writeFileSync(join(app, `${name}.js`), code);
    const { stdout, stderr } = spawnSync(process.execPath, [`${name}.js`], { cwd: app, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual([`${said}\n`, '']);
  });

  test('its types are found and say what they should', () => {
    writeFileSync(
      join(app, 'uses.ts'),
      `import { createFlattener, type Flattened } from 'tetraship/kernel';
import { type Expression, parse } from 'tetraship/rules';
const expression: Expression = parse('a = 1');
const flattener = await createFlattener({ arrays: 'json', conditions: [{ expression }] });
const { rows, matches }: Flattened = flattener.flatten('{"a":1}');
export const row: string | undefined = rows[0];
export const condition: number | undefined = matches[0]?.condition;
// @ts-expect-error: there is no such mode
await createFlattener({ arrays: 'explode' });
`,
    );
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...{ module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: false },
          ...{ types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
        },
        files: ['uses.ts'],
      }),
    );
    const { status, stdout } = spawnSync(process.execPath, [bin('tsc'), '-p', app], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });
});
