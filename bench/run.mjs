// `npm run bench [-- NAME …]`: runs the benches, prints their rows, and writes them into docs/performance.md.
// A NAME is a bench (`loop`) or a part of it (`loop:gaps`). Rows that were not measured this time stay as they were.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { inWords, number } from './support/words.mjs'

const here = import.meta.dirname
const page = path.join(here, '../docs/performance.md')
const benches = readdirSync(here)
  .filter((name) => name.endsWith('.mjs') && name !== 'run.mjs')
  .map((name) => name.slice(0, -'.mjs'.length))

const BEGIN = '<!-- rows: written by `npm run bench` -->'
const END = '<!-- end of rows -->'
/** What the page knows from earlier runs. */
const DATA = /<!-- data (.*) -->/g

const asked = process.argv.slice(2)
const wanted = asked.length ? asked : benches
for (const name of wanted) {
  if (!benches.includes(name.split(':')[0])) {
    console.error(`There is no bench ${name}: there are ${benches.join(', ')}.`)
    process.exit(2)
  }
}

const known = new Map(readRows().map((row) => [row.row, row]))
let failed = false
for (const name of wanted) {
  const [bench, ...parts] = name.split(':')
  console.log(`\n${bench}`)
  const { rows, status } = await run(bench, parts)
  for (const row of rows) {
    const was = known.get(row.row)
    // The column of how it was keeps what was measured first.
    const first = was?.first ?? (was && { ours: was.ours, ratio: was.ratio, at: was.at })
    known.set(row.row, { ...row, bench, first, at: new Date().toISOString().slice(0, 10) })
  }
  if (status !== 0) failed = true
  writePage([...known.values()])
}
process.exitCode = failed ? 1 : 0

/** Runs one bench; its rows are the lines of JSON that name a row. */
function run(bench, parts) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(here, `${bench}.mjs`), ...parts], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const rows = []
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        const row = rowOf(line)
        if (row) rows.push(row)
        console.log(row ? `  ${row.ok ? '✓' : '✗'} ${row.row}: ${inWords(row)} (target ${row.target})` : `  ${line}`)
      }
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ rows, status }))
  })
}

function rowOf(line) {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && typeof value?.row === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function readRows() {
  return [...readFileSync(page, 'utf8').matchAll(DATA)].map(([, json]) => JSON.parse(json))
}

function writePage(rows) {
  const text = readFileSync(page, 'utf8')
  const [before] = text.split(BEGIN)
  const after = text.split(END)[1]
  const table = benches.flatMap((bench) =>
    tableOf(
      bench,
      rows.filter((row) => row.bench === bench),
    ),
  )
  const machine = `Last written on ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} cores (${os.cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, ${os.platform()}.`
  const data = rows.map((row) => `<!-- data ${JSON.stringify(row).replaceAll('--', '-\\u002d')} -->`)
  writeFileSync(page, `${before}${BEGIN}\n${machine}\n\n${table.join('\n')}\n${data.join('\n')}\n${END}${after}`)
}

function tableOf(bench, rows) {
  if (rows.length === 0) return [`## ${bench}`, '', 'Not measured yet.', '']
  return [
    `## ${bench}`,
    '',
    '| what | measured | target | | as it was |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      (row) => `| ${row.row} | ${inWords(row)} | ${row.target} | ${row.ok ? '✓' : '✗ falls short'} | ${asItWas(row)} |`,
    ),
    '',
  ]
}

/** What was measured when it was measured first. */
function asItWas({ unit, first }) {
  if (!first) return ''
  const { ours, ratio, at } = first
  const words = ratio ? `${number(ratio.median)} ×` : `${number(ours)} ${unit}`
  return `${words} (${at})`
}
