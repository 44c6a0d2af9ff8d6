/** Numbers and times for people: one way for the page and the terminal. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const STEP = 1024;
const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

export type Unit = 'count' | 'bytes' | 'bytes/s' | 'count/s' | 'seconds' | 'text';

export function formatNumber(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  switch (unit) {
    case 'bytes':
      return bytes(value);
    case 'bytes/s':
      return `${bytes(value)}/s`;
    case 'count/s':
      return `${value < 10 && value > 0 ? value.toFixed(1) : count(value)}/s`;
    case 'seconds':
      return duration(value);
    default:
      return count(value);
  }
}

/** `12,345`; always with the same separators, whatever the locale. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1.2 MiB`: three digits at most before the unit changes. */
export function bytes(value: number): string {
  let unit = 0;
  let shown = value;
  while (shown >= 1000 && unit < BYTE_UNITS.length - 1) {
    shown /= STEP;
    unit++;
  }
  const digits = unit === 0 || shown >= 99.95 ? 0 : 1;
  return `${shown.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 4 s`, `5 h 6 min`, `2 d 3 h`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds === 0 ? 0 : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`;
  if (whole < DAY_S) return `${Math.floor(whole / HOUR_S)} h ${Math.floor((whole % HOUR_S) / MINUTE_S)} min`;
  return `${Math.floor(whole / DAY_S)} d ${Math.floor((whole % DAY_S) / HOUR_S)} h`;
}

/** `12 MiB, 3 min 4 s old`: what is not read of a file, and the age of the oldest event in it, where that is known. */
export function lag(file: { readonly lagBytes: number; readonly lagSeconds: number | null }): string {
  const age = file.lagSeconds ? `, ${duration(file.lagSeconds)} old` : '';
  return `${bytes(file.lagBytes)}${age}`;
}

/** `5 s ago`; steps of a minute after the first one, so that a page that is read aloud does not change all the time. */
export function ago(thenMs: number | null, nowMs: number): string {
  if (thenMs === null || !Number.isFinite(thenMs)) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / SECOND_MS));
  if (seconds < MINUTE_S) return `${seconds} s ago`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min ago`;
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h ago`;
  return `${Math.floor(seconds / DAY_S)} d ago`;
}

/** `13:04:05 UTC`, with the date when it is not today. */
export function clock(timeMs: number, nowMs: number): string {
  const [date = '', time = ''] = new Date(timeMs).toISOString().split(/[T.]/);
  const today = new Date(nowMs).toISOString().slice(0, date.length);
  return `${date === today ? '' : `${date} `}${time} UTC`;
}
