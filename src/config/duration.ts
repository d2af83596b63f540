// A span of time as a person writes it: seconds, or a number with its unit.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration as `oompa.json` writes it: seconds, or `"90s"`, `"15m"`, `"2h"`, `"500ms"`. */
export function durationMs(value: number | string): number {
  if (typeof value === 'number') return Math.round(value * 1000)
  const [, number, unit] = /^([\d.]+)([a-z]*)$/.exec(value) ?? []
  return Math.round(Number(number) * (UNITS[unit || 's'] ?? 1000))
}
