const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of `90s`, `30m`, `1h30m`, `500ms` or a bare number of seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    totalMs += Number(amount) * unitMs[unit as keyof typeof unitMs];
  }
  return Math.round(totalMs);
}

/** A span for people: `850ms`, `9s`, `4m 31s`, `1h 05m`, `2d 04h`. */
export function formatDuration(ms: number): string {
  if (ms < 0.5) return '0s';
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const two = (amount: number): string => String(amount).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h ${two(Math.floor((seconds % 3_600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d ${two(Math.floor((seconds % 86_400) / 3_600))}h`;
}

/** `09:04:31`, UTC. */
export const clockText = (at: string | number | Date): string => new Date(at).toISOString().slice(11, 19);

/** `2026-01-06 09:04:31 UTC`, for what is read on another day. */
export const dateText = (at: string | number | Date): string =>
  `${new Date(at).toISOString().slice(0, 10)} ${clockText(at)} UTC`;
