/**
 * The whole page: one document that needs nothing else, a snapshot without JavaScript and live with it. Its policy
 * lets run only the one script and the one style whose hashes it names, whatever text gets into the page.
 */

import { createHash } from 'node:crypto';
import { clock } from './format.ts';
import { Html, html } from './html.ts';
import { SCRIPT } from './script.ts';
import { SECTIONS, settings } from './sections.ts';
import type { Status } from './status.ts';
import { STYLE } from './style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
};

const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E%3Cpath d=%22M2 8h9M8 4l4 4-4 4%22 fill=%22none%22 stroke=%22%23278%22 stroke-width=%222.5%22/%3E%3C/svg%3E';

export function renderPage(status: Status): string {
  const sections = SECTIONS.map(({ render }) => render(status));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tetraship on ${status.node}</title>
<link rel="icon" href="${new Html(ICON)}">
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>tetraship <span>on ${status.node}</span></h1>
<div class="controls"><span id="live">Snapshot of ${clock(status.nowMs, status.nowMs)}</span> <button id="pause" type="button" aria-pressed="false" hidden>Pause</button></div>
</header>
<main>
${sections}
${settings(status)}
</main>
<footer>Also here: <a href="metrics">metrics</a>, <a href="status.json">status.json</a>, <a href="readyz">readiness</a>.</footer>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}
