/**
 * Breaks Node's file system one call at a time, for tests of what happens then.
 *
 * Owns, until disposed of, the functions of `fs`, those of `fs/promises` and the methods of file handles. Calls on
 * files below `folder` are shown to `fault` first, with the line of the agent that makes them; what it answers is
 * the error that the call fails with. All other calls go through untouched.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

export type Operation =
  | 'open'
  | 'read'
  | 'write'
  | 'fsync'
  | 'rename'
  | 'stat'
  | 'list'
  | 'link'
  | 'unlink'
  | 'mkdir'
  | 'truncate'
  | 'utimes'
  | 'close';

export interface Call {
  readonly operation: Operation;
  /** The function's name. */
  readonly name: string;
  readonly path: string;
  /** `agent/intake/lock.ts:66`: the innermost line of the agent. */
  readonly site: string;
}

/** Operations after which the disk is another. */
export const CHANGES: ReadonlySet<Operation> = new Set<Operation>([
  'write',
  'fsync',
  'rename',
  'link',
  'unlink',
  'mkdir',
  'truncate',
  'utimes',
]);

const BY_NAME: Readonly<Record<string, Operation>> = {
  ...{ open: 'open', openSync: 'open', createReadStream: 'open' },
  ...{ readSync: 'read', readFileSync: 'read', readFile: 'read' },
  ...{ writeSync: 'write', writeFileSync: 'write', appendFileSync: 'write', writeFile: 'write' },
  ...{ fsyncSync: 'fsync', fdatasyncSync: 'fsync', renameSync: 'rename', rename: 'rename' },
  ...{ statSync: 'stat', lstatSync: 'stat', fstatSync: 'stat', stat: 'stat', lstat: 'stat' },
  ...{ realpathSync: 'stat', readlinkSync: 'stat', realpath: 'stat' },
  ...{ readdirSync: 'list', readdir: 'list', globSync: 'list', linkSync: 'link', link: 'link' },
  ...{ unlinkSync: 'unlink', unlink: 'unlink', rmSync: 'unlink', rm: 'unlink' },
  ...{
    mkdirSync: 'mkdir',
    mkdir: 'mkdir',
    ftruncateSync: 'truncate',
    truncateSync: 'truncate',
    utimesSync: 'utimes',
  },
  closeSync: 'close',
};
const OF_HANDLES: Readonly<Record<string, Operation>> = {
  ...{ read: 'read', readFile: 'read', write: 'write', writev: 'write', writeFile: 'write' },
  ...{ sync: 'fsync', datasync: 'fsync', stat: 'stat', truncate: 'truncate', close: 'close' },
};

type Kind = 'sync' | 'promise' | 'handle';
const SITE = /(agent\/[\w./-]+\.ts:\d+)/;
const STACK_FRAMES = 30;

export class BrokenFs implements Disposable {
  /** Asked before each call: the error's code, or undefined to let it through. */
  fault: (call: Call) => string | undefined;
  /** Told after each call that went through and has returned; a promise has then only begun. */
  after: (call: Call) => void;
  readonly #folder: string;
  readonly #undo: (() => void)[];
  readonly #paths: Map<number, string>;
  readonly #handlePaths: WeakMap<object, string>;
  readonly #handlesPatched: Set<object>;

  constructor(folder: string) {
    this.fault = () => undefined;
    this.after = () => {};
    this.#folder = folder;
    this.#undo = [];
    this.#paths = new Map();
    this.#handlePaths = new WeakMap();
    this.#handlesPatched = new Set();
    for (const [name, operation] of Object.entries(BY_NAME)) {
      if (name.endsWith('Sync')) this.#patch(fs, name, operation, 'sync');
      else this.#patch(fs.promises, name, operation, 'promise');
    }
    syncBuiltinESMExports();
  }

  [Symbol.dispose](): void {
    this.fault = () => undefined;
    this.after = () => {};
    for (const undo of this.#undo.splice(0)) undo();
    syncBuiltinESMExports();
  }

  #patch(owner: object, name: string, operation: Operation, kind: Kind): void {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== 'function') return;
    const broken = this;
    // Not an arrow function: `this` of a handle's method is the handle.
    const patched = function (this: unknown, ...args: unknown[]): unknown {
      const path = broken.#pathOf(kind === 'handle' ? this : args[0]);
      if (path === undefined) return Reflect.apply(original, this, args);
      const call = { operation, name, path, site: siteOfCaller() };
      const code = broken.fault(call);
      if (code !== undefined) {
        // A descriptor is gone after close, whatever close says.
        if (operation === 'close') Reflect.apply(original, this, args);
        const error = Object.assign(new Error(`${code}: broken by the test, ${name} '${path}'`), { code });
        if (kind === 'sync') throw error;
        return Promise.reject(error);
      }
      const result: unknown = Reflect.apply(original, this, args);
      if (operation === 'open') broken.#opened(path, result);
      if (operation === 'close' && typeof args[0] === 'number') broken.#paths.delete(args[0]);
      broken.after(call);
      return result;
    };
    const isOwn = Object.hasOwn(owner, name);
    // Some carry functions of their own: realpathSync.native.
    Reflect.set(owner, name, Object.assign(patched, original));
    this.#undo.push(() => {
      if (isOwn) Reflect.set(owner, name, original);
      else Reflect.deleteProperty(owner, name);
    });
  }

  #pathOf(target: unknown): string | undefined {
    let path: string | undefined;
    if (typeof target === 'string') path = target;
    else if (typeof target === 'number') path = this.#paths.get(target);
    else if (typeof target === 'object' && target !== null) path = this.#handlePaths.get(target);
    return path !== undefined && (path === this.#folder || path.startsWith(this.#folder + sep))
      ? path
      : undefined;
  }

  #opened(path: string, result: unknown): void {
    if (typeof result === 'number') this.#paths.set(result, path);
    if (!(result instanceof Promise)) return;
    void result.then(
      (handle: object) => {
        this.#handlePaths.set(handle, path);
        // A property of each handle, not a method of all; it goes with the handle.
        if (Object.hasOwn(handle, 'close')) {
          this.#patch(handle, 'close', 'close', 'handle');
          this.#undo.pop();
        }
        this.#patchHandles(Object.getPrototypeOf(handle));
      },
      () => undefined,
    );
  }

  /** Their class is not exported: the first handle shows it. */
  #patchHandles(prototype: object): void {
    if (this.#handlesPatched.has(prototype)) return;
    this.#handlesPatched.add(prototype);
    for (const [name, operation] of Object.entries(OF_HANDLES)) {
      this.#patch(prototype, name, operation, 'handle');
    }
  }
}

function siteOfCaller(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_FRAMES;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  return SITE.exec(stack)?.[1] ?? '';
}
