/** Where the demo shows itself: a block that redraws in place on a terminal, plain lines elsewhere. */

import type { WriteStream } from 'node:tty';
import { type Alert, alertLines, block, places, plainLine, type View } from './demo-view.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Terminals that know it show a redraw at once, others ignore it. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';
const ERASE_BELOW = '\x1b[J';

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 1000;

export class Screen {
  /** Milliseconds between two calls of `draw`. */
  readonly intervalMs: number;
  readonly #out: WriteStream;
  readonly #live: boolean;
  #drawnLines: number;

  constructor(out: WriteStream) {
    const { TERM } = process.env;
    this.#out = out;
    this.#live = out.isTTY === true && TERM !== 'dumb';
    this.intervalMs = this.#live ? REDRAW_MS : PLAIN_LINE_MS;
    this.#drawnLines = 0;
    if (!this.#live) return;
    out.write(HIDE_CURSOR);
    process.on('exit', () => out.write(SHOW_CURSOR));
  }

  begin(view: View): void {
    if (!this.#live) this.#out.write(`\n${places(view).join('\n')}\n`);
  }

  draw(view: View): void {
    if (!this.#live) {
      this.#out.write(`${plainLine(view)}\n`);
      return;
    }
    // A block higher than the window could not be redrawn: its end counts more than its head.
    const lines = block(view, this.#out.columns).slice(-(this.#out.rows - 1));
    const up = this.#drawnLines === 0 ? '' : `\x1b[${this.#drawnLines}A\r`;
    this.#out.write(`${BEGIN_UPDATE}${up}${ERASE_BELOW}${lines.join('\n')}\n${END_UPDATE}`);
    this.#drawnLines = lines.length;
  }

  /** Alerts stand in the block; without one they are told as they come. */
  alert(alert: Alert): void {
    if (!this.#live) this.#out.write(`${alertLines(alert).join('\n')}\n`);
  }

  /** Text that stays; a block is drawn anew below it. */
  print(lines: readonly string[]): void {
    this.#out.write(`${lines.join('\n')}\n`);
    this.#drawnLines = 0;
  }
}
