// When a limit ends, in the words of a service: a clock time, a date, a span, a number of seconds.

import { inZone, isZone, type Wall, wallClock, wallTime } from './zones.js'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** No limit lasts longer: a later moment is a mistake of somebody's, and as good as none. */
const LONGEST = 400 * DAY
/** A clock time that has just passed is meant: services name the minute, and answer some seconds later. */
const JUST_PASSED = 5 * MINUTE
/** How far behind a word such as "resets" its time may stand. */
const PHRASE = 100
/** More mentions than this are no message. */
const MOST_MENTIONS = 40

/**
 * Reads `resets 3:14am (UTC)`, `resets Nov 22, 3am (Europe/Berlin)`, `resets at 15:00 (Etc/GMT+3)`, `try again at Nov
 * 22nd, 2026 3:14 AM`, `try again in 1 hour 5 minutes`, `retry in 34.07s`, `Retry-After: 120`, `reached|1764082800`,
 * `2026-11-25T11:00:00Z`. Never throws, and is linear in the text.
 * @param now milliseconds since 1970.
 * @param zone the time zone of a time that names none.
 * @returns ISO 8601, or undefined where there is no time in the text.
 */
export function readUntil(text: string, now: number, zone?: string): string | undefined {
  const words = text
    .slice(0, 16_000)
    .replace(/[\u00a0\u2009\u202f]/g, ' ')
    // The time of a line of a log says when it was written.
    .replace(/^\[?\d{4}-\d\d-\d\d[T ][\d:.,]+\S*\s+(?=\[?(?:ERROR|WARN|INFO|DEBUG|TRACE|FATAL)\b)/gim, '')
  // A service that speaks Chinese has its clock in China, unless it says otherwise.
  const usual = zone ?? (/[\u4e00-\u9fff]/.test(words) ? 'Asia/Shanghai' : undefined)
  return isoTime(readStamp(words, usual) ?? readEpoch(words) ?? readPhrases(words, now, usual), now)
}

/** A moment as ISO 8601; undefined for what is no moment, or one that no limit ends at. */
export function isoTime(ms: number | undefined, now: number): string | undefined {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms > now + LONGEST) return undefined
  return new Date(ms).toISOString()
}

/** A number of seconds or milliseconds since 1970, as services give it. */
export function epochTime(value: number): number {
  return value > 1e11 ? value : value * 1000
}

/** A date with a time in digits, with or without an offset; or as HTTP has it. */
function readStamp(text: string, zone: string | undefined): number | undefined {
  const http = /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/.exec(text)
  if (http) return Date.parse(http[0])
  const match =
    /(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?(?:[T ]\s*|\s+at\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*(Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b)|\s*\(([A-Za-z0-9_/+-]{1,40})\))?/.exec(
      text,
    )
  if (!match) return undefined
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset, named] = match
  const digits = wallTime(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  if (digits === undefined) return undefined
  const asUtc = digits + Math.floor(Number(`0.${fraction}`) * 1000)
  return inZone(asUtc, offset ?? named ?? zone)
}

/** Seconds (ten digits) or milliseconds since 1970, behind a bar or a word about the end. */
function readEpoch(text: string): number | undefined {
  const match =
    /(?:\||\b(?:resets?|reset_?(?:s_)?at|reset_?time|until|after|at)["']?\s*[:=]?\s*)(1\d{9}(?:\d{3})?)(?:\.\d+)?(?!\d)/i.exec(
      text,
    )
  return match ? epochTime(Number(match[1])) : undefined
}

/** What stands behind each word about the end of a limit. */
function readPhrases(text: string, now: number, zone: string | undefined): number | undefined {
  const seconds =
    /\b(?:resets?_in_seconds|retry[-_ ]?after)["']?\s*[:=]?\s*["']?(\d+(?:\.\d+)?)["']?(?![\w:.-]|\s*(?:ms|[dhms]|sec|min|hour|day|am|pm)\b)/i.exec(
      text,
    )
  if (seconds) return now + Number(seconds[1]) * SECOND
  const chinese = /((?:\d{1,9}\s{0,3}(?:天|个?小时|分钟?|秒钟?)\s{0,3}){1,4})(?:之后|以后|后)/.exec(text)
  if (chinese) return spanFrom(now, chinese[1]!)
  let mentions = 0
  for (const match of text.matchAll(
    /\b(?:resets?|resetting|again|retry(?:ing)?|retryDelay|wait|until|available|renews?|refresh(?:es)?|restored?|resumes?|lifted|expires?|back)\b|重置|恢复|重试|解除/gi,
  )) {
    if (++mentions > MOST_MENTIONS) break
    const [word] = match
    const phrase = text.slice(match.index + word.length, match.index + word.length + PHRASE)
    const at = readSpan(phrase, now) ?? readClock(phrase, now, zone) ?? readBefore(text, match.index, word, now, zone)
    if (at !== undefined) return at
  }
  return undefined
}

/** "At 3pm your limit resets": a clock time that stands before the word. */
function readBefore(
  text: string,
  index: number,
  word: string,
  now: number,
  zone: string | undefined,
): number | undefined {
  if (!/^(?:resets?|renews?|重置|恢复|重试|解除)$/i.test(word)) return undefined
  const before = text.slice(Math.max(0, index - 30), index)
  return readClock(before.split(/[.!?。]\s+(?=[A-Z])/).at(-1) ?? '', now, zone)
}

const UNIT = '(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?![a-z])'
const SPAN = new RegExp(
  `^["'\\s:=~]*(?:(?:in|after|for|about|approximately|around|another|at least|the next)\\s+){0,3}~?((?:\\d+(?:\\.\\d+)?\\s*(?:${UNIT}|(?:[dhms](?=\\d)))[\\s,]*(?:and\\s+)?){1,6})`,
  'i',
)

function readSpan(phrase: string, now: number): number | undefined {
  const one = /^\s*(?:in|after)\s+(?:about\s+)?(?:an?|one)\s+(second|minute|hour|day|week)\b/i.exec(phrase)
  if (one) return spanFrom(now, `1 ${one[1]}`)
  const iso = /^["'\s:=]*(?:in\s+|after\s+)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\b/.exec(
    phrase,
  )
  if (iso?.slice(1).some(Boolean)) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0))
    return now + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
  }
  const span = SPAN.exec(phrase)
  return span ? spanFrom(now, span[1]!) : undefined
}

function spanFrom(now: number, text: string): number | undefined {
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|milli|msec|[dhmsw]|天|个?小时|分|秒)/gi)) {
    sum += Number(amount) * unitMs(unit!.toLowerCase())
  }
  return sum > 0 ? now + sum : undefined
}

function unitMs(unit: string): number {
  if (unit.startsWith('ms') || unit === 'milli') return 1
  if (unit === 'w') return 7 * DAY
  if (unit === 'd' || unit === '天') return DAY
  if (unit === 'h' || unit.endsWith('小时')) return HOUR
  return unit === 'm' || unit === '分' ? MINUTE : SECOND
}

/** A clock time with or without a date, a date alone, midnight: in the order in which people write them, or another. */
function readClock(phrase: string, now: number, zone: string | undefined): number | undefined {
  // What comes after the sentence is about something else; "a.m." ends none.
  const [sentence = ''] = phrase.split(/(?<![ap]\.m)[.!?]\s+(?=[A-Z])/)
  const time = readTime(sentence)
  const zoneName = readZone(sentence, time?.end ?? 0) ?? zone
  const today = wallClock(now, zoneName)
  if (!today) return undefined
  const date = readDate(sentence, today)
  if (!time && !date) return undefined
  // Far from the word, a time without a date is another thing's.
  if (time && !date && time.start > 40) return undefined
  const { year, month, day } = date ?? today
  const at = (y: number, d: number): number | undefined => {
    const digits = wallTime(y, month, d, time?.hour ?? 0, time?.minute ?? 0, time?.second ?? 0)
    return digits === undefined ? undefined : inZone(digits, zoneName)
  }
  const first = at(year, day)
  if (first === undefined || date?.exact || first > now - JUST_PASSED) return first
  // Without a date it is tomorrow's; a month that has passed is next year's.
  if (date) return at(year + 1, day)
  const digits = Date.UTC(year, month, day + 1, time?.hour ?? 0, time?.minute ?? 0, time?.second ?? 0)
  return inZone(digits, zoneName)
}

interface Time {
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** Where it stands in the phrase. */
  readonly start: number
  readonly end: number
}

function readTime(text: string): Time | undefined {
  const word = /\b(midnight|noon)\b/i.exec(text)
  if (word) {
    const hour = word[1]!.toLowerCase() === 'noon' ? 12 : 0
    return { hour, minute: 0, second: 0, start: word.index, end: word.index + word[0].length }
  }
  const match =
    /(?<![\d:.-])(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?\s*([ap])\.?m\b\.?/i.exec(text) ??
    /(?<![\d:.-])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])/.exec(text)
  if (!match) return undefined
  const [whole, hourText, minuteText = '0', secondText = '0', half] = match
  const [given, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)]
  if (given > (half ? 12 : 24) || minute > 59 || second > 59) return undefined
  const hour = half ? (given % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : given % 24
  return { hour, minute, second, start: match.index, end: match.index + whole.length }
}

interface DateParts {
  readonly year: number
  /** From 0. */
  readonly month: number
  readonly day: number
  /** Whether it names the year, or a day counted from today: then the past is the past. */
  readonly exact: boolean
}

function readDate(text: string, today: Wall): DateParts | undefined {
  const full = /(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)/.exec(text)
  if (full) return { year: Number(full[1]), month: Number(full[2]) - 1, day: Number(full[3]), exact: true }
  const names = MONTHS.join('|')
  const named =
    new RegExp(
      `\\b(?<month>${names})[a-z]*\\.?\\s+(?<day>\\d{1,2})(?:st|nd|rd|th)?(?![\\d:])(?:,?\\s+(?<year>\\d{4}))?`,
      'i',
    ).exec(text) ??
    new RegExp(
      `\\b(?<day>\\d{1,2})(?:st|nd|rd|th)?\\s+(?<month>${names})[a-z]*\\.?(?:,?\\s+(?<year>\\d{4}))?`,
      'i',
    ).exec(text)
  if (named?.groups) {
    const { month = '', day, year } = named.groups
    return {
      year: Number(year ?? today.year),
      month: MONTHS.indexOf(month.toLowerCase()),
      day: Number(day),
      exact: year !== undefined,
    }
  }
  const weekday = new RegExp(`\\b(${DAYS.join('|')})(?:day|sday|nesday|rsday|urday)?\\b`, 'i').exec(text)
  const later = /\btomorrow\b/i.test(text)
    ? 1
    : weekday
      ? daysUntil(DAYS.indexOf(weekday[1]!.toLowerCase()), today)
      : undefined
  if (later === undefined) return undefined
  const then = new Date(Date.UTC(today.year, today.month, today.day + later))
  return { year: then.getUTCFullYear(), month: then.getUTCMonth(), day: then.getUTCDate(), exact: true }
}

/** To the next such day of the week; a whole week where today is one. */
function daysUntil(weekday: number, today: Wall): number {
  const now = new Date(Date.UTC(today.year, today.month, today.day)).getUTCDay()
  return (weekday - now + 7) % 7 || 7
}

/** The zone in parentheses, or one that is known behind the time. */
function readZone(text: string, from: number): string | undefined {
  const inBrackets = /\(([A-Za-z0-9_/+:-]{1,40})(?: time)?\)/i.exec(text)?.[1]
  if (inBrackets !== undefined && isZone(inBrackets)) return inBrackets
  const behind = text.slice(from)
  const offset = /^\s*((?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2})(?!\d)/i.exec(behind)?.[1]
  if (offset) return offset
  const word = /^\s*,?\s*(?:in\s+)?([A-Za-z]{1,12}(?:\/[A-Za-z0-9_+-]{1,30})*)/.exec(behind)?.[1]
  return word !== undefined && isZone(word) ? word : undefined
}
