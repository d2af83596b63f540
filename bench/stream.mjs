// What reading agents' output costs us: CPU for a stream of 1 MB/s in each CLI's form, and memory for a hundred agents
// that print 10 MB each. Needs the built files (`npm run build`).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { agents } from '../dist/agents/index.js'
import { runAgent } from '../dist/agents/run-agent.js'
import { printRow, rounds } from './support/rows.mjs'

const ROUNDS = rounds(3)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5)
const TARGET_CPU = 0.02
const TARGET_RSS_MB = 200

const output = 'line of a test run that says what it did and how long it took\n'.repeat(60)
const edit = { type: 'text', text: 'I will now change the parser so that it keeps comments. '.repeat(8) }

/** Lines of each form in about the proportions of a real run: most of it is what tools printed. */
const forms = {
  claude: [
    { type: 'assistant', message: { content: [edit] }, session_id: 's' },
    { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Bash', input: { command: 'npm test' } }] } },
    {
      type: 'user',
      message: { content: [{ type: 'tool_result', content: output }] },
      tool_use_result: { stdout: output },
    },
  ],
  codex: [
    { type: 'item.completed', item: { type: 'agent_message', text: edit.text } },
    { type: 'item.started', item: { type: 'command_execution', command: 'npm test' } },
    { type: 'item.completed', item: { type: 'command_execution', command: 'npm test', aggregated_output: output } },
  ],
  opencode: [
    { type: 'text', sessionID: 's', part: { type: 'text', messageID: 'm', text: edit.text } },
    {
      type: 'tool_use',
      part: { tool: 'bash', state: { status: 'completed', input: { command: 'npm test' }, output } },
    },
  ],
  gemini: [
    { type: 'message', role: 'assistant', content: edit.text, delta: true },
    { type: 'tool_use', tool_name: 'run_shell_command', tool_id: 't', parameters: { command: 'npm test' } },
    { type: 'tool_result', tool_id: 't', status: 'success', output },
  ],
}

const folder = mkdtempSync(path.join(tmpdir(), 'oompa-bench-'))

/** A program in the place of a CLI, that prints `text` again and again: `bytes` in all, over `seconds`. */
function printer(name, text, bytes, seconds) {
  const file = path.join(folder, name)
  const script = `#!/usr/bin/env node
const text = ${JSON.stringify(text)}
const [bytes, seconds] = [${bytes}, ${seconds}]
const began = performance.now()
let written = 0
const print = () => {
  const due = seconds ? Math.min(bytes, (performance.now() - began) / 1000 / seconds * bytes) : bytes
  let full = false
  while (written < due && !full) { full = !process.stdout.write(text); written += text.length }
  if (written >= bytes) return
  if (full) process.stdout.once('drain', print)
  else setTimeout(print, 20)
}
print()
`
  writeFileSync(file, script, { mode: 0o755 })
  return file
}

function run(harness, log, onActivity = () => {}) {
  return runAgent({
    agent: agents[harness],
    turn: {
      spec: { harness, model: harness === 'command' ? path.join(folder, 'printer') : 'm' },
      form: harness === 'command' ? 'text' : 'json',
      permissions: 'inherit',
    },
    prompt: '',
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    logFile: path.join(folder, log),
    limits: { idleMs: 900_000, iterationMs: 7_200_000, graceMs: 60_000 },
    onActivity,
  })
}

// What is loaded once is not a stream's cost.
printer('claude', 'x\n', 2, 0)
await run('claude', 'warm.log')

/** CPU seconds of ours a second while one agent runs. */
async function share(harness, expected) {
  let doing = 0
  const before = process.cpuUsage()
  const began = performance.now()
  await run(harness, 'stream.log', () => doing++)
  const { user, system } = process.cpuUsage(before)
  if (doing < Math.min(expected, 1)) throw new Error(`${harness}: only ${doing} lines of activity`)
  return (user + system) / 1000 / (performance.now() - began)
}

for (const [harness, lines] of Object.entries(forms)) {
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
  const shares = []
  for (let round = 0; round < ROUNDS; round++) {
    // Against an agent that says nothing for as long: what starting and watching one costs is not the stream's.
    printer(harness, '\n', SECONDS, SECONDS)
    const silent = await share(harness, 0)
    printer(harness, text, SECONDS * 1e6, SECONDS)
    shares.push((await share(harness, SECONDS)) - silent)
  }
  printRow(
    { row: `reading ${harness}'s stream at 1 MB/s`, unit: '% of a core' },
    { atMost: TARGET_CPU * 100 },
    { ours: shares.map((share) => share * 100) },
  )
}

printer('printer', `${'x'.repeat(1023)}\n`, 10_000_000, 0)
let most = 0
const sampler = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 20)
const runs = await Promise.all(Array.from({ length: 100 }, (_, i) => run('command', `printer-${i}.log`)))
clearInterval(sampler)
if (runs.some((one) => one.failure || one.text.length !== 256 * 1024)) throw new Error('a printer failed')
printRow(
  { row: '100 agents that print 10 MB each, read by one process', unit: 'MB' },
  { atMost: TARGET_RSS_MB },
  { ours: [most / 1e6] },
)
rmSync(folder, { recursive: true, force: true })
