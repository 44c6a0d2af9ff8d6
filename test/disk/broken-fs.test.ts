/** The breaker itself: it breaks what it is asked to, names the caller's file, and leaves everything else alone. */

import fs from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockStateFolder } from '../../agent/intake/lock.ts';
import { BrokenFs, type Call } from './broken-fs.ts';

test('calls below the folder fail as asked, others and later ones do not', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'tetraship-broken-'));
  const path = join(folder, 'a');
  {
    using broken = new BrokenFs(folder);
    const calls: Call[] = [];
    broken.after = (call) => calls.push(call);
    fs.writeFileSync(path, 'x');
    const handle = await open(path, 'r+');
    broken.fault = ({ operation }) => (operation === 'fsync' ? 'EIO' : undefined);
    await handle.writeFile('y');
    await expect(handle.sync()).rejects.toThrow('EIO');
    await handle.close();
    expect(calls.map(({ name }) => name)).toEqual(['writeFileSync', 'open', 'writeFile', 'close']);
    broken.fault = ({ operation }) => (operation === 'read' ? 'EACCES' : undefined);
    await expect(readFile(path)).rejects.toThrow('EACCES');
    expect(fs.readFileSync(import.meta.filename, 'utf8')).toContain('the breaker');
    broken.fault = ({ operation }) => (operation === 'link' ? 'ENOSPC' : undefined);
    calls.length = 0;
    expect(() => lockStateFolder(folder)).toThrow('ENOSPC');
    expect(calls[0]?.site).toMatch(/^agent\/intake\/lock\.ts:\d+$/);
  }
  expect(await readFile(path, 'utf8')).toBe('y');
  fs.rmSync(folder, { recursive: true });
});
