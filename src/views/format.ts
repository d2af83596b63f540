// Times, money and counts as a person reads them; the same in every view.

import type { SwarmCounts } from '../events/state.js'

/** Milliseconds as a clock: `0:07`, `12:03`, `1:02:03`. */
export function clock(ms: number): string {
  const { hours, minutes, seconds } = parts(ms)
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}

/** Milliseconds in words: `0.2s`, `7s`, `1m02s`, `3h05m`. */
export function span(ms: number): string {
  if (ms < 950) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`
  const { hours, minutes, seconds } = parts(ms)
  if (hours) return `${hours}h${two(minutes)}m`
  return minutes ? `${minutes}m${two(seconds)}s` : `${seconds}s`
}

/** A span without its small end, for ages: `7s`, `12m`, `3h`, `4d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

/** US dollars; a dash where no agent has said what it cost. */
export function money(usd: number | undefined, estimated?: boolean): string {
  return usd === undefined ? '–' : `${estimated ? '~' : ''}$${usd.toFixed(usd >= 1000 ? 0 : 2)}`
}

/** The same of something that has both. */
export function costOf({ costUsd, estimated }: { costUsd?: number; estimated?: boolean }): string {
  return money(costUsd, estimated)
}

/** `12 tasks left, ~$3.60, ~2h10m`: a forecast is always an estimate. */
export function forecastWords({ tasks, costUsd, ms }: { tasks: number; costUsd?: number; ms?: number }): string {
  const cost = costUsd === undefined ? [] : [money(costUsd, true)]
  return [`${count(tasks, 'task')} left`, ...cost, ...(ms === undefined ? [] : [`~${span(ms)}`])].join(', ')
}

/** `1 commit`, `2 commits`. */
export function count(number: number, word: string, plural = `${word}s`): string {
  return `${number} ${number === 1 ? word : plural}`
}

/** Milliseconds between two ISO times; 0 where one of them is missing or wrong. */
export function between(from: string | undefined, to: string | number | undefined): number {
  const end = typeof to === 'number' ? to : Date.parse(to ?? '')
  const ms = end - Date.parse(from ?? '')
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

/** The time of day of an ISO time, in the person's zone: `14:05`. The text itself if it is not a time. */
export function timeOfDay(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Date and time of an ISO time, in the person's zone: `2026-11-21 14:05`. */
export function dateAndTime(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(iso)}`
}

/** A commit as a person names it. */
export function short(commit: string): string {
  return /^[0-9a-f]{12,}$/.test(commit) ? commit.slice(0, 8) : commit
}

/** `5 iterations: 3 landed, 1 refused, 1 failed`. */
export function tally(counts: SwarmCounts): string {
  const outcomes = Object.entries(counts.outcomes).map(([outcome, number]) => `${number} ${outcome}`)
  return count(counts.iterations, 'iteration') + (outcomes.length ? `: ${outcomes.join(', ')}` : '')
}

function parts(ms: number): { hours: number; minutes: number; seconds: number } {
  const all = Math.max(0, Math.round(ms / 1000))
  return { hours: Math.floor(all / 3600), minutes: Math.floor(all / 60) % 60, seconds: all % 60 }
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
