/**
 * The Grafana dashboard as JSON; `npm run docs` writes it. A test checks that every metric in it exists, and that
 * Prometheus understands every expression.
 */

import { type Panel, ROWS } from './dashboard-panels.ts';

/** Grafana's grid. */
const GRID_WIDTH = 24;
const STAT = { w: 3, h: 4 };
const GRAPH = { w: 8, h: 8 };

/** The dashboard as Grafana imports it. */
export function dashboard(): object {
  const panels: object[] = [];
  let y = 0;
  for (const [title, items] of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 },
    });
    y++;
    const size = items[0]?.kind === 'stat' ? STAT : GRAPH;
    const perLine = GRID_WIDTH / size.w;
    items.forEach((item, index) => {
      const place = { x: (index % perLine) * size.w, y: y + Math.floor(index / perLine) * size.h };
      panels.push(panel(panels.length + 1, item, { ...place, ...size }));
    });
    y += Math.ceil(items.length / perLine) * size.h;
  }
  return {
    uid: 'tetraship',
    title: 'tetraship',
    description: "Tetragon's events on their way to Parseable, node by node.",
    tags: ['tetraship', 'tetragon', 'parseable'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: { list: [DATASOURCE, INSTANCE] },
    panels,
  };
}

const source = { type: 'prometheus', uid: '$datasource' };
const DATASOURCE = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' };
const INSTANCE = {
  name: 'instance',
  type: 'query',
  label: 'Agent',
  datasource: source,
  query: { query: 'label_values(tetraship_build_info, instance)', refId: 'instances' },
  definition: 'label_values(tetraship_build_info, instance)',
  refresh: 2,
  includeAll: true,
  multi: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

function panel(id: number, { title, unit, kind, queries, redAbove }: Panel, gridPos: object): object {
  const green = { color: 'green', value: null };
  const steps =
    redAbove === undefined ? [green] : [green, { color: 'red', value: redAbove === 0 ? 1 : redAbove }];
  return {
    id,
    type: kind,
    title,
    datasource: source,
    gridPos,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: source,
      expr,
      ...(legend !== '' && { legendFormat: legend }),
      ...(kind === 'stat' && { instant: true }),
    })),
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  };
}
