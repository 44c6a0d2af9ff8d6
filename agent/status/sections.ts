/** The parts of the page, each an element with its own id: a live page gets those anew that have changed. */

import { ago, bytes, clock, count, duration, formatNumber, lag, type Unit } from './format.ts';
import { type Html, html } from './html.ts';
import { plot } from './plot.ts';
import type { Health, StageStatus } from './stage.ts';
import type { RuleStatus, Status } from './status.ts';

/** Form and word say it too, not only the colour. */
const MARKS: Readonly<Record<Health, { readonly sign: string; readonly word: string }>> = {
  ok: { sign: '●', word: 'well' },
  warn: { sign: '▲', word: 'look' },
  bad: { sign: '■', word: 'trouble' },
};

const TITLES: Readonly<Record<StageStatus['id'], string>> = {
  read: 'Read',
  kernel: 'Flatten and match',
  batches: 'Batch',
  outbox: 'Outbox',
  spool: 'Spool',
  sink: 'Send',
  alerts: 'Alerts',
};

const PLOTS: readonly { readonly name: string; readonly title: string; readonly unit: Unit }[] = [
  { name: 'events', title: 'Events', unit: 'count/s' },
  { name: 'readBytes', title: 'Read', unit: 'bytes/s' },
  { name: 'rowsDelivered', title: 'Delivered rows', unit: 'count/s' },
  { name: 'sentBytes', title: 'Sent, compressed', unit: 'bytes/s' },
  { name: 'lagBytes', title: 'Lag', unit: 'bytes' },
  { name: 'rejectedEvents', title: 'Rejected lines', unit: 'count/s' },
];

export const SECTIONS: readonly { readonly id: string; readonly render: (status: Status) => Html }[] = [
  { id: 'headline', render: headline },
  { id: 'flow', render: flow },
  { id: 'rates', render: rates },
  { id: 'problems', render: problems },
  { id: 'rules', render: rules },
  { id: 'files', render: files },
  { id: 'facts', render: facts },
];

const mark = (health: Health): Html =>
  html`<span class="mark ${health}"><span aria-hidden="true">${MARKS[health].sign}</span> ${MARKS[health].word}</span>`;

function headline({ health, headline: text, reasons }: Status): Html {
  // What the headline says already, in whatever words it begins, is not said twice.
  const also = reasons.filter((reason) => !text.includes(reason.slice(reason.indexOf(': ') + 1).trim()));
  return html`<section id="headline" class="card ${health}" role="status">
<p class="big">${mark(health)} <span>${text}</span></p>${
    also.length === 0 ? '' : html`<ul class="small">${also.map((reason) => html`<li>${reason}</li>`)}</ul>`
  }
</section>`;
}

function flow({ stages }: Status): Html {
  return html`<section id="flow" aria-labelledby="flow-title">
<h2 id="flow-title">The way of the data</h2>
<ol class="flow">${stages.map(stage)}</ol>
</section>`;
}

function stage({ id, health, sentence, numbers }: StageStatus): Html {
  return html`<li class="card stage ${health}" id="stage-${id}" data-health="${health}">
<h3>${TITLES[id]}</h3>${mark(health)}
<dl>${numbers.map(
    ({ label, value, unit }) =>
      html`<div><dt>${label}</dt><dd>${value === null ? '–' : formatNumber(value, unit)}</dd></div>`,
  )}</dl>
<p class="small">${sentence}</p>
</li>`;
}

function rates({ rates: { series, stepSeconds } }: Status): Html {
  const plots = PLOTS.flatMap(({ name, title, unit }) => {
    const one = series.find((candidate) => candidate.name === name);
    return one === undefined ? [] : [plot({ title, unit, values: one.values, stepSeconds })];
  });
  return html`<section id="rates" aria-labelledby="rates-title">
<h2 id="rates-title">How it went</h2>
<div class="plots">${plots}</div>
</section>`;
}

function problems({ problems: list, nowMs }: Status): Html {
  return html`<section id="problems" aria-labelledby="problems-title">
<h2 id="problems-title">Last problems</h2>${
    list.length === 0
      ? html`<p class="card quiet">None since the start.</p>`
      : html`<ol class="rows">${list.map(
          ({ timeMs, level, text }) =>
            html`<li class="card problem ${level === 'error' ? 'bad' : 'warn'}"><p class="small"><time>${clock(timeMs, nowMs)}</time> <b>${level}</b></p><p>${text}</p></li>`,
        )}</ol>`
  }
</section>`;
}

function rules({ rules: list, rulesInAll, nowMs }: Status): Html {
  const more = rulesInAll - list.length;
  return html`<section id="rules" aria-labelledby="rules-title">
<h2 id="rules-title">Rules</h2>${
    list.length === 0
      ? html`<p class="card quiet">No rules are set.</p>`
      : html`<ul class="rows">${list.map((one) => ruleRow(one, nowMs))}</ul>`
  }${more > 0 ? html`<p class="small">And ${count(more)} more, in the metrics.</p>` : ''}
</section>`;
}

function ruleRow(rule: RuleStatus, nowMs: number): Html {
  const cells: readonly (readonly [string, string])[] = [
    ['matched', count(rule.matched)],
    ['fired', count(rule.fired)],
    ['resolved', count(rule.resolved)],
    ['suppressed', count(rule.suppressed)],
    ['last match', ago(rule.lastMatchMs, nowMs)],
  ];
  const targets = rule.targets.map(
    (target) =>
      html`<li class="${target.trouble === '' ? '' : 'trouble'}">${target.target} <span class="quiet">${target.origin}</span>: ${count(target.sent)} sent, ${count(target.queued)} waiting (${bytes(target.queueBytes)}), ${count(target.failed)} failed, ${count(target.dropped)} dropped, ${count(target.limited)} over the limit${
        target.trouble === '' ? '' : html` <b>${target.trouble}</b>`
      }</li>`,
  );
  return html`<li class="card"><h3 class="name">${rule.rule}</h3>${cellsOf(cells)}<ul class="targets small">${targets}</ul></li>`;
}

function files({ files: list, filesInAll }: Status): Html {
  const more = filesInAll - list.length;
  return html`<section id="files" aria-labelledby="files-title">
<h2 id="files-title">Files being read</h2>${
    list.length === 0
      ? html`<p class="card quiet">None.</p>`
      : html`<ul class="rows">${list.map(
          (file) =>
            html`<li class="card"><h3 class="name">${file.path}</h3>${cellsOf([
              ['offset', bytes(file.offsetBytes)],
              ['size', bytes(file.sizeBytes)],
              ['lag', lag(file)],
              ['state', file.isOpen ? 'open' : 'waits its turn'],
            ])}<p class="small">device ${file.device}, inode ${file.inode}, first line ${
              file.firstLineHash === '' ? 'not complete yet' : file.firstLineHash.slice(0, 16)
            }</p></li>`,
        )}</ul>`
  }${more > 0 ? html`<p class="small">And ${count(more)} more.</p>` : ''}
</section>`;
}

const cellsOf = (cells: readonly (readonly [string, string])[]): Html =>
  html`<dl class="cells">${cells.map(
    ([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`,
  )}</dl>`;

function facts({ version, node, uptimeSeconds, residentBytes, nowMs }: Status): Html {
  return html`<section id="facts" aria-labelledby="facts-title">
<h2 id="facts-title">The agent</h2>
<div class="card">${cellsOf([
    ['version', version],
    ['node', node],
    ['runs for', duration(uptimeSeconds)],
    ['memory', bytes(residentBytes)],
    ['as of', clock(nowMs, nowMs)],
  ])}</div>
</section>`;
}

/** Does not change while the agent runs. */
export function settings({ settings: all }: Status): Html {
  return html`<section id="settings" aria-labelledby="settings-title">
<h2 id="settings-title">Settings in force</h2>
<details class="card"><summary>Show ${count(Object.keys(all).length)} settings</summary>
<dl class="settings">${Object.entries(all).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl></details>
</section>`;
}
