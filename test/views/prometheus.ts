// Reads Prometheus' text format (0.0.4) strictly: whatever its own parser would refuse, or would take for something
// else than what was meant, is an error here.

export interface Family {
  readonly name: string
  readonly type: string
  readonly samples: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** @throws Error for the first line that is wrong */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  const helped = new Set<string>()
  const seen = new Set<string>()
  let open: Family | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (why: string) => new Error(`${why}: ${line}`)
    const help = /^# HELP (\S+) (.+)$/.exec(line)
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
    if (help) {
      if (helped.has(help[1]!)) throw wrong('HELP twice')
      if (/\\(?![\\n])/.test(help[2]!)) throw wrong('escape in HELP')
      helped.add(help[1]!)
    } else if (type) {
      const name = type[1]!
      if (!NAME.test(name) || families.has(name) || !helped.has(name)) throw wrong('TYPE twice, or without HELP')
      open = { name, type: type[2]!, samples: [] }
      families.set(name, open)
    } else {
      const sample = /^([^\s{]+)(\{.*\})? (\S+)$/.exec(line)
      if (!sample || !open) throw wrong('no sample')
      const [, name = '', labelText = '', valueText = ''] = sample
      const base = open.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
      if (base !== open.name) throw wrong(`a sample below ${open.name}`)
      if (open.type === 'counter' && !name.endsWith('_total')) throw wrong('a counter without _total')
      const labels = parseLabels(labelText, wrong)
      const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText)
      if (Number.isNaN(value) || value < 0) throw wrong('no value')
      const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`
      if (seen.has(key)) throw wrong('a series twice')
      seen.add(key)
      open.samples.push({ name, labels, value })
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function parseLabels(text: string, wrong: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = text.slice(1, -1)
  while (rest !== '') {
    const pair = /^([^=]+)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/.exec(rest)
    if (!pair || !LABEL.test(pair[1]!) || pair[1]! in labels) throw wrong('no label')
    labels[pair[1]!] = pair[2]!.replace(/\\(.)/g, (_, one) => (one === 'n' ? '\n' : one))
    rest = rest.slice(pair[0].length)
  }
  return labels
}

/** Buckets rise, the last is infinity and is the count, and each group has a sum. */
function checkHistogram({ name, samples }: Family): void {
  const groups = grouped(samples)
  for (const [labels, all] of groups) {
    const buckets = all.filter((one) => one.name === `${name}_bucket`)
    const ends = buckets.map((one) => (one.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(one.labels.le)))
    const counts = buckets.map((one) => one.value)
    const rises = (values: readonly number[]) => values.every((value, at) => at === 0 || value >= values[at - 1]!)
    const total = all.find((one) => one.name === `${name}_count`)?.value
    const whole = ends.at(-1) === Number.POSITIVE_INFINITY && counts.at(-1) === total
    const summed = all.some((one) => one.name === `${name}_sum`)
    if (!rises(ends) || !rises(counts) || !whole || !summed) throw new Error(`histogram ${name}${labels} is none`)
  }
}

function grouped<T extends { labels: Readonly<Record<string, string>> }>(samples: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of samples) {
    const key = JSON.stringify({ ...one.labels, le: undefined })
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return groups
}
