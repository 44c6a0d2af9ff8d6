/**
 * A strict reader of Prometheus' text format 0.0.4: anything that the format does not allow is an error, and so is
 * a series that stands twice or a sample outside its metric's block.
 */

export interface ParsedMetric {
  readonly type: string;
  readonly help: string;
  /** From `name{a="b"}` as it stands to its value. */
  readonly series: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
const SAMPLE = new RegExp(`^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (\\S+)$`);
const NUMBER = /^(?:[+-]?Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;

export function parseExposition(text: string): Map<string, ParsedMetric> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const metrics = new Map<string, ParsedMetric>();
  let current: { name: string; help: string; type?: string; series: Map<string, number> } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line);
    if (line === '') continue;
    if (help !== null) {
      const [, name = '', words = ''] = help;
      if (metrics.has(name)) throw new Error(`${name} stands twice`);
      current = { name, help: words, series: new Map() };
    } else if (type !== null) {
      const [, name = '', kind = ''] = type;
      if (current?.name !== name || current.type !== undefined) throw new Error(`TYPE without HELP: ${line}`);
      current.type = kind;
      metrics.set(name, { type: kind, help: current.help, series: current.series });
    } else {
      const sample = SAMPLE.exec(line);
      if (sample === null) throw new Error(`not a sample: ${line}`);
      const [, name = '', labels = '', value = ''] = sample;
      const base = current?.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
      if (current?.type === undefined || base !== current.name)
        throw new Error(`outside of its block: ${line}`);
      if (!NUMBER.test(value)) throw new Error(`not a number: ${line}`);
      if (current.series.has(name + labels)) throw new Error(`stands twice: ${line}`);
      current.series.set(name + labels, Number(value.replace(/inf/i, 'Infinity')));
    }
  }
  return metrics;
}
