/** One small plot as inline SVG: one number over the time that is known of it, and in words what it shows. */

import { formatNumber, type Unit } from './format.ts';
import { type Html, html } from './html.ts';

/** In units of the drawing, which is stretched to its place. */
const HEIGHT = 40;
/** A plot begins two minutes wide, and grows with what is known. */
const MIN_SAMPLES = 24;

export interface Plot {
  readonly title: string;
  readonly unit: Unit;
  /** The oldest first; null where nothing is known. */
  readonly values: readonly (number | null)[];
  readonly stepSeconds: number;
}

export function plot({ title, unit, values: all, stepSeconds }: Plot): Html {
  const first = all.findIndex((value) => value !== null);
  const values = all.slice(-Math.max(MIN_SAMPLES, first < 0 ? 0 : all.length - first));
  const known = values.filter((value) => value !== null);
  const now = values.at(-1) ?? null;
  const highest = Math.max(0, ...known);
  const minutes = Math.max(1, Math.round((values.length * stepSeconds) / 60));
  const nowText = now === null ? '–' : formatNumber(now, unit);
  const words = known.length === 0 ? 'not measured yet' : `peak ${formatNumber(highest, unit)}`;
  return html`<figure class="plot">
<figcaption><span class="label">${title}</span> <b>${nowText}</b></figcaption>
<svg viewBox="0 0 ${values.length - 1} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}, last ${minutes} minutes: now ${nowText}, ${words}">
<path class="base" d="M0 ${HEIGHT - 0.5}H${values.length - 1}"/><path class="area" d="${areaOf(values, highest)}"/><path class="line" d="${lineOf(values, highest)}"/></svg>
<p class="small">${minutes} min, ${words}</p>
</figure>`;
}

function heightOf(value: number, highest: number): string {
  const share = highest === 0 ? 0 : value / highest;
  return (HEIGHT - 1 - share * (HEIGHT - 2)).toFixed(1);
}

function lineOf(values: readonly (number | null)[], highest: number): string {
  let path = '';
  let isDrawing = false;
  for (const [x, value] of values.entries()) {
    if (value !== null) path += `${isDrawing ? 'L' : 'M'}${x} ${heightOf(value, highest)}`;
    isDrawing = value !== null;
  }
  return path;
}

function areaOf(values: readonly (number | null)[], highest: number): string {
  const first = values.findIndex((value) => value !== null);
  if (first < 0) return '';
  let path = `M${first} ${HEIGHT}`;
  for (const [x, value] of values.entries()) if (x >= first) path += `L${x} ${heightOf(value ?? 0, highest)}`;
  return `${path}L${values.length - 1} ${HEIGHT}Z`;
}
