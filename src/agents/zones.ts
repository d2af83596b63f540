// Tells what a clock of a time zone shows at a moment, and at which moment it shows that; zones as services name them.

const MINUTE = 60_000

/** Names of zones that `Intl` does not know, or knows as something else. */
const ZONES: Readonly<Record<string, string>> = {
  z: 'UTC',
  pst: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  pt: 'America/Los_Angeles',
  pacific: 'America/Los_Angeles',
  mst: 'America/Denver',
  mdt: 'America/Denver',
  mountain: 'America/Denver',
  cdt: 'America/Chicago',
  central: 'America/Chicago',
  est: 'America/New_York',
  edt: 'America/New_York',
  et: 'America/New_York',
  eastern: 'America/New_York',
  bst: 'Europe/London',
  cest: 'Europe/Paris',
  cet: 'Europe/Paris',
  ist: 'Asia/Kolkata',
  jst: 'Asia/Tokyo',
  kst: 'Asia/Seoul',
  sgt: 'Asia/Singapore',
  beijing: 'Asia/Shanghai',
}

/** Whether it is meant as a zone; there may be none of its name. */
export function isZone(word: string): boolean {
  if (word.includes('/') || /^(?:utc|gmt)$/i.test(word) || offsetOf(word) !== undefined) return true
  return Object.hasOwn(ZONES, word.toLowerCase())
}

export interface Wall {
  year: number
  /** From 0. */
  month: number
  day: number
  /** The same digits as if they were UTC. */
  asUtc: number
}

/** The digits of a date and time as if they were UTC; undefined for a day that there is none of. */
export function wallTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  const date = new Date(Date.UTC(year, month, day))
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined
  return Date.UTC(year, month, day, hour, minute, second)
}

/** Minutes east of UTC of `UTC+2`, `+08:00`, `GMT-5`; undefined for a zone by name. */
function offsetOf(zone: string): number | undefined {
  const match = /^(?:UTC|GMT)?\s?([+-])\s?(\d{1,2})(?::?(\d{2}))?$/i.exec(zone)
  if (!match) return undefined
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0))
}

/** What a clock in `zone` shows at a moment; undefined for a zone that there is none of. */
export function wallClock(moment: number, zone: string | undefined): Wall | undefined {
  const offset = zone === undefined ? undefined : offsetOf(zone)
  if (offset !== undefined) return partsOf(moment + offset * MINUTE, 'UTC')
  return partsOf(moment, zone === undefined ? undefined : (ZONES[zone.toLowerCase()] ?? zone))
}

function partsOf(moment: number, timeZone: string | undefined): Wall | undefined {
  let parts: Intl.DateTimeFormatPart[]
  try {
    parts = new Intl.DateTimeFormat('en-US', {
      timeZone,
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

/** The moment at which a clock in `zone` shows these digits; undefined for a zone that there is none of. */
export function inZone(asUtc: number, zone: string | undefined): number | undefined {
  let moment = asUtc
  // The offset depends on the moment, so look twice: once near it, once at it.
  for (let look = 0; look < 2; look++) {
    const wall = wallClock(moment, zone)
    if (!wall) return undefined
    moment += asUtc - wall.asUtc
  }
  return moment
}
