// When a limit ends, in the words of a service: a clock time, a date, a span.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 }

/**
 * Reads `resets 3:14am (UTC)`, `resets Nov 22, 3am (Europe/Berlin)`, `try again at Nov 22nd, 2026 3:14 AM`,
 * `try again in 1 hour 5 minutes`, `retry in 34.07s`.
 * @param now milliseconds since 1970.
 * @param zone the time zone of a time that names none.
 * @returns ISO 8601, or undefined where there is no time in the text.
 */
export function readUntil(text: string, now: number, zone?: string): string | undefined {
  const at = readSpan(text, now) ?? readClock(text, now, zone)
  return at === undefined ? undefined : new Date(at).toISOString()
}

function readSpan(text: string, now: number): number | undefined {
  const match =
    /\b(?:again|retry|resets?|wait)\s+(?:in|after|for)?\s*((?:\d+(?:\.\d+)?\s*(?:d|h|m|s)[a-z]*[\s,]*(?:and\s+)?)+)/i.exec(
      text,
    )
  if (!match) return undefined
  const parts = [...match[1]!.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[dhms])/gi)]
  const span = parts.reduce((sum, [, amount, unit]) => {
    const key = unit!.toLowerCase()
    return sum + Number(amount) * (key === 'ms' ? 1 : UNITS[key]!)
  }, 0)
  return span > 0 ? now + span : undefined
}

function readClock(text: string, now: number, zone: string | undefined): number | undefined {
  const match =
    /\b(?:resets|again|until|available)(?:\s+(?:at|on))?\s+(?:([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s*(?:(\d{4}),?\s+)?(?:at\s+)?)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)(?:\s*\(([A-Za-z_/+-]+)\))?/i.exec(
      text,
    )
  if (!match) return undefined
  const [, monthName, day, year, hourText, minute, half, named] = match
  const hour = (Number(hourText) % 12) + (half!.toLowerCase() === 'pm' ? 12 : 0)
  const zoneName = named ?? zone
  const today = wallClock(now, zoneName)
  if (!today) return undefined
  const month = monthName ? MONTHS.indexOf(monthName.toLowerCase()) : today.month
  if (month < 0) return undefined
  const wall = (y: number, d: number) => fromWallClock(Date.UTC(y, month, d, hour, Number(minute ?? 0)), zoneName)
  const first = wall(Number(year ?? today.year), Number(day ?? today.day))
  if (first > now || year) return first
  // Without a date it is tomorrow's; a month that has passed is next year's.
  return monthName ? wall(today.year + 1, Number(day)) : wall(today.year, today.day + 1)
}

interface Wall {
  year: number
  /** From 0. */
  month: number
  day: number
  /** The same digits as if they were UTC. */
  asUtc: number
}

/** What a clock in `zone` shows at a moment; undefined for a zone that there is none of. */
function wallClock(moment: number, zone: string | undefined): Wall | undefined {
  let parts: Intl.DateTimeFormatPart[]
  try {
    parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(moment)
  } catch {
    return undefined
  }
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0)
  const [year, month, day] = [of('year'), of('month') - 1, of('day')]
  return { year, month, day, asUtc: Date.UTC(year, month, day, of('hour'), of('minute'), of('second')) }
}

/** The moment at which a clock in `zone` shows these digits. */
function fromWallClock(asUtc: number, zone: string | undefined): number {
  let moment = asUtc
  // The offset depends on the moment, so look twice: once near it, once at it.
  for (let look = 0; look < 2; look++) {
    const wall = wallClock(moment, zone)
    if (wall) moment += asUtc - wall.asUtc
  }
  return moment
}
