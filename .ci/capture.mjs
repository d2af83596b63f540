// Takes the picture of the README's first screen from a real demo, in a terminal of 80 × 24.
//   node .ci/capture.mjs          writes it into README.md
//   node .ci/capture.mjs --check  fails if a new one has another form: times, ids, costs and what an agent is doing are not compared

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = path.resolve(import.meta.dirname, '..')
const readme = path.join(root, 'README.md')
/** The picture stands between this line and the end of the code block below it. */
const MARK = '<!-- The picture below is made by .ci/capture.mjs. -->\n```text\n'
const PATIENCE_MS = 240_000

const folder = mkdtempSync(path.join(tmpdir(), 'oompa-capture-'))
const tmux = (...args) =>
  execFileSync('tmux', ['-L', 'capture', '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, TMUX_TMPDIR: folder, LANG: 'C.UTF-8', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** The screen of the demo's swarm once something has landed while all three are at work. */
async function capture() {
  tmux('new-session', '-d', '-x', '80', '-y', '24', `'${path.join(root, 'bin/oompa')}' demo; exec sleep 1000`)
  const end = Date.now() + PATIENCE_MS
  while (Date.now() < end) {
    const lines = tmux('capture-pane', '-p').trimEnd().split('\n')
    const rows = lines.filter((line) => /^w\d +\d\/2 +\S+ {2,}\S/.test(line))
    const footer = lines.at(-1) ?? ''
    if (rows.length === 3 && /^swarm \w+ .* 3 of 3 at work .*landed/.test(footer)) return lines.slice(-5).join('\n')
    await sleep(50)
  }
  throw new Error(`In ${PATIENCE_MS / 1000} s the demo has shown no such screen:\n${tmux('capture-pane', '-p')}`)
}

/** What must be the same: the columns, who works on what kind of task, the parts of the last line. */
function form(picture) {
  return picture
    .trim()
    .split('\n')
    .map((line) =>
      line
        .replace(/^(w\d).*$/, '$1')
        .replace(/[0-9a-f]{8}/g, 'ID')
        .replace(/\d+/g, 'N'),
    )
    .map((line) =>
      line
        .replace(/ {2}N to land/, '')
        .replace(/ {2}\? for keys/, '')
        .replace(/ +/g, ' '),
    )
    .join('\n')
}

try {
  const text = readFileSync(readme, 'utf8')
  const start = text.indexOf(MARK) + MARK.length
  const end = text.indexOf('\n```', start)
  if (start < MARK.length || end < 0) throw new Error(`README.md has no picture: it stands after\n${MARK}`)
  const picture = await capture()
  if (process.argv.includes('--check')) {
    const [old, now] = [form(text.slice(start, end)), form(picture)]
    if (old !== now) throw new Error(`The README shows\n${old}\nand the demo\n${now}\n→ node .ci/capture.mjs`)
    console.log('The README shows what the demo shows.')
  } else {
    writeFileSync(readme, text.slice(0, start) + picture + text.slice(end))
    console.log(picture)
  }
} finally {
  try {
    tmux('kill-server')
  } catch {
    // It never came up.
  }
  await gone(folder)
}

/** Removes the folder once the demo has ended its agents and written that down. */
async function gone(place, tries = 60) {
  try {
    rmSync(place, { recursive: true, force: true })
  } catch (error) {
    if (tries === 0) throw error
    await sleep(500)
    await gone(place, tries - 1)
  }
}
