// Takes the pictures of output in README.md and docs/ from a real demo, in a terminal of 80 × 24.
//   node .ci/capture.mjs          writes them
//   node .ci/capture.mjs --check  fails if a new one has another form: times, ids, costs, sizes, and which worker got which task are not compared

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = path.resolve(import.meta.dirname, '..')
const oompa = path.join(root, 'bin/oompa')
/** A picture stands in the block of code below its name. */
const PICTURE = /(?<=<!-- \.ci\/capture\.mjs: (\w+) -->\n```\w+\n).*?(?=\n```)/gs
const MISTAKEN = `{
  "workers": [
    { "modle": "claude:opus" },
    { "model": "codex", "iterations": "five" }
  ]
}
`
const PATIENCE_MS = 240_000

const folder = mkdtempSync(path.join(tmpdir(), 'oompa-capture-'))
const tmux = (...args) =>
  execFileSync('tmux', ['-L', 'capture', '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, TMUX_TMPDIR: folder, LANG: 'C.UTF-8', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
const screen = () => tmux('capture-pane', '-p', '-S', '-').trimEnd()

/** Waits until `look` finds something on the screen. */
async function seen(what, look) {
  const end = Date.now() + PATIENCE_MS
  while (Date.now() < end) {
    const found = look(screen())
    if (found) return found
    await sleep(50)
  }
  throw new Error(`In ${PATIENCE_MS / 1000} s the demo has not shown ${what}:\n${screen()}`)
}

/** The table while all three are at work, and one of them waits for another to land. */
function table(text) {
  const lines = text.split('\n')
  const rows = lines.filter((line) => /^w\d +\d\/2 +(verse-\d|refrain) {2,}\S/.test(line))
  const isFull = rows.length === 3 && /waits to land/.test(rows.join()) && / 3 of 3 at work/.test(lines.at(-1) ?? '')
  return isFull ? lines.slice(-5).join('\n') : undefined
}

/** What a command prints there, below the command. */
function printed(command, cwd) {
  const line = `${command.replace('oompa', `'${oompa}'`)}; tmux wait-for -S done; exec sleep 1000`
  tmux('new-window', '-c', cwd, line)
  tmux('wait-for', 'done')
  return `$ ${command.slice(command.indexOf('oompa'))}\n${screen()}`
}

async function pictures() {
  tmux('new-session', '-d', '-x', '80', '-y', '24', `'${oompa}' demo; exec sleep 1000`)
  const first = await seen('all three at work', table)
  const demo = readdirSync(folder).find((name) => name.startsWith('oompa-demo-')) ?? ''
  const status = printed('oompa status --json', path.join(folder, demo, 'song'))
  tmux('select-window', '-t', ':0')
  const [, song] = await seen('its end', (text) => /^ {2}cd (\/\S+)[\s\S]*^Next:/m.exec(text))
  const shown = {
    table: first,
    check: printed('OOMPA_AGENT=command:../author oompa check', song).replaceAll(path.dirname(song), '/home/me'),
    list: printed('oompa list', song),
    view: printed('oompa view', song),
    status,
  }
  writeFileSync(path.join(song, 'oompa.json'), MISTAKEN)
  return { ...shown, mistakes: printed('oompa run', song) }
}

/** What must be the same of a table: the columns, who works on what kind of task, the parts of the last line. */
const tableForm = (picture) =>
  plain(
    picture
      .replace(/^(w\d).*$/gm, '$1')
      .replace(/ {2}\d+ (landed|to land)/g, '')
      .replace(/ {2}\? for keys/, ''),
  )
/** Of JSON the keys; what waits to land has some of its own, if anything does. */
const keysForm = (picture) =>
  [...new Set(picture.match(/"\w+":/g))]
    .filter((key) => !/branch|at"/.test(key))
    .sort()
    .join('\n')
/** Of everything else: which kinds of line there are. */
const linesForm = (picture) => [...new Set(plain(picture).split('\n'))].sort().join('\n')

function plain(picture) {
  return picture
    .replace(/\b[0-9a-f]{8}\b/g, 'ID')
    .replace(/\b(verse-\d|refrain)\b/g, 'TASK')
    .replace(/(\d[\d.:T-]*(Z|ms|[smhd])?)+/g, 'N')
    .replace(/ +/g, ' ')
}

/** Every file that may hold pictures, with its text. */
function documents() {
  const docs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const files = ['README.md', ...docs.map((name) => `docs/${name}`)]
  return files.map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }))
}

try {
  const now = await pictures()
  for (const { file, text } of documents()) {
    const made = text.replace(PICTURE, (old, name) => {
      if (!Object.hasOwn(now, name)) throw new Error(`${file}: there is no picture called ${name}`)
      const form = { table: tableForm, status: keysForm }[name] ?? linesForm
      const [was, is] = [form(old), form(now[name])]
      if (process.argv.includes('--check') && was !== is)
        throw new Error(`${file} shows as ${name}\n${was}\nand the demo\n${is}\n→ node .ci/capture.mjs`)
      return now[name]
    })
    if (made === text) continue
    if (process.argv.includes('--check')) console.log(`${file} shows what the demo shows.`)
    else {
      writeFileSync(path.join(root, file), made)
      console.log(`wrote ${file}`)
    }
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
