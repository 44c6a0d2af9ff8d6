/**
 * A map of somebody else's configuration that remembers what was looked at, so that nothing is passed over in
 * silence: what was never asked for is told at the end.
 */

import { isMap } from './import-document.ts';

export class Section {
  /** As one would write it: `sinks.parseable.batch`. */
  readonly path: string;
  readonly #map: Readonly<Record<string, unknown>>;
  readonly #children: Map<string, Section>;
  readonly #taken: Set<string>;

  constructor(path: string, map: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.#map = map;
    this.#children = new Map();
    this.#taken = new Set();
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  keys(): string[] {
    return Object.keys(this.#map);
  }

  /** The value as text; of a boolean or number too. Undefined when there is none. */
  text(key: string): string | undefined {
    const value = this.value(key);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;
  }

  number(key: string): number | undefined {
    const value = this.value(key);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  /** A list of texts; one text is a list of one. */
  list(key: string): string[] {
    const value = this.value(key);
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.filter((item) => typeof item === 'string');
  }

  value(key: string): unknown {
    this.#taken.add(key);
    return Object.hasOwn(this.#map, key) ? this.#map[key] : undefined;
  }

  /** A map in it; empty when there is none. Of a list of maps the first. */
  section(key: string): Section {
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const value = this.value(key);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    const child = new Section(this.at(key), isMap(first) ? first : {});
    this.#children.set(key, child);
    return child;
  }

  /** Each map in it, by name. */
  sections(): [name: string, section: Section][] {
    return this.keys()
      .filter((key) => isMap(this.#map[key]))
      .map((key) => [key, this.section(key)]);
  }

  /** Keys that need nothing of us. */
  skip(...keys: string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /** What was never asked for, here and below. */
  rest(): string[] {
    const own = this.keys().filter((key) => !this.#taken.has(key));
    return [
      ...own.map((key) => this.at(key)),
      ...[...this.#children.values()].flatMap((child) => child.rest()),
    ];
  }
}
