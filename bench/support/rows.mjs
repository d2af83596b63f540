// The contract of a bench: a program that prints one line of JSON for each row. This module measures and prints them.
//
// {"row": name, "unit": …, "ours": median, "theirs"?: median, "against"?: what theirs is, "ratio"?: {median, least, most},
//  "memoryMb"?: most that our process had, "rounds": N, "target": words, "ok": whether it was reached}

export const rounds = (usual) => Number(process.env.BENCH_ROUNDS ?? usual)

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/**
 * Measures ours and theirs in turns, so that a busy moment of the machine meets both, and prints the row.
 * @param about `row`, `unit`, `against`
 * @param target any of (none for a row to watch) `ratioAtMost`, `ratioAtLeast`, `atMost`, `atLeast`, `moreThanTheirsAtMost`, `memoryMb`
 * @param sides `ours` and `theirs`, each gives a number or `{ value, memoryMb }`
 */
export async function compare(about, target, usualRounds, { ours, theirs }) {
  const values = { ours: [], theirs: [], ratio: [], memory: [] }
  for (let round = 0; round < rounds(usualRounds); round++) {
    const base = theirs ? value(await theirs(round)) : undefined
    const our = await ours(round)
    values.ours.push(value(our))
    if (our.memoryMb !== undefined) values.memory.push(our.memoryMb)
    if (base === undefined) continue
    values.theirs.push(base)
    values.ratio.push(value(our) / base)
  }
  printRow(about, target, values)
}

const value = (measured) => (typeof measured === 'number' ? measured : measured.value)

/** Prints a row from all that was measured: `ours`, and `theirs`, `ratio`, `memory` where there are any. */
export function printRow(about, target, { ours, theirs = [], ratio = [], memory = [] }) {
  const facts = { ours: median(ours), rounds: ours.length }
  if (theirs.length) facts.theirs = median(theirs)
  if (ratio.length) facts.ratio = { median: median(ratio), least: Math.min(...ratio), most: Math.max(...ratio) }
  if (memory.length) facts.memoryMb = Math.max(...memory)
  console.log(JSON.stringify({ ...about, ...facts, target: inWords(target, about.unit), ok: reached(target, facts) }))
}

function reached(target, { ours, theirs, ratio, memoryMb }) {
  const is = {
    ratioAtMost: (most) => ratio.median <= most,
    ratioAtLeast: (least) => ratio.median >= least,
    atMost: (most) => ours <= most,
    atLeast: (least) => ours >= least,
    moreThanTheirsAtMost: (most) => ours - theirs <= most,
    memoryMb: (most) => memoryMb !== undefined && memoryMb <= most,
  }
  return Object.entries(target).every(([name, bound]) => is[name](bound))
}

function inWords(target, unit) {
  const words = {
    ratioAtMost: (most) => `≤ ${most} ×`,
    ratioAtLeast: (least) => `≥ ${least} ×`,
    atMost: (most) => `≤ ${most} ${unit}`,
    atLeast: (least) => `≥ ${least} ${unit}`,
    moreThanTheirsAtMost: (most) => (most === 0 ? 'not later' : `≤ ${most} ${unit} more`),
    memoryMb: (most) => `≤ ${most} MB`,
  }
  const all = Object.entries(target).map(([name, bound]) => words[name](bound))
  return all.join(', ') || 'none, to watch'
}
