// Says a row in words: medians, the ratio with its spread, and what it cost in memory.

export function inWords({ ours, theirs, against, unit, ratio, memoryMb, rounds }) {
  const parts = [amount(ours, unit)]
  if (theirs !== undefined) parts[0] += `, ${against ?? 'theirs'} ${amount(theirs, unit)}`
  if (ratio) parts.push(`${number(ratio.median)} × (${number(ratio.least)} to ${number(ratio.most)})`)
  if (memoryMb !== undefined) parts.push(`${Math.round(memoryMb)} MB of ours`)
  parts.push(`${rounds} round${rounds === 1 ? '' : 's'}`)
  return parts.join('; ')
}

const amount = (value, unit) => `${number(value)} ${unit}`

export const number = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(2))).toString()
