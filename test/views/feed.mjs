// A program that feeds invented events to the view on its own standard output: what a terminal shows of it is looked
// at by `terminal-screen.test.ts` and `keys.test.ts`. Runs until its standard input says `end`, or with FEED_KEYS=1 until
// the key q is pressed.

import { openView } from '../../dist/views/index.js'

const workers = Number(process.env.FEED_WORKERS ?? 3)
const swarm = '3f2a91bc'
const withKeys = process.env.FEED_KEYS === '1'
const controls = {
  stop: () => {
    say({ type: 'swarm.stopping', reason: 'the key q' })
    setTimeout(end, 1500)
  },
  printed: async (worker) => [`${worker} printed this`],
}
const view = openView(withKeys ? { controls } : {})
const say = (event) => view.event({ at: new Date().toISOString(), swarm, ...event })
const names = Array.from({ length: workers }, (_, at) => `w${at + 1}`)

say({
  type: 'swarm.started',
  pid: process.pid,
  processStart: 'x',
  host: 'h',
  level: 2,
  workers: names.map((worker) => ({ worker, agent: 'claude:opus', iterations: 5 })),
  iterations: 5,
  into: 'main',
  version: '1.0.0',
})
names.forEach((worker, at) => {
  const where = { worker, iteration: 1, branch: `oompa/${worker}-i1` }
  say({ type: 'iteration.started', ...where, worktree: `.${worker}-i1` })
  say({ type: 'task.claimed', ...where, task: `t-${at + 1}` })
  say({ type: 'agent.started', ...where, agent: 'claude:opus', attempt: 1, role: 'author' })
  if (at === 1) {
    const text = 'Edit 日本語/ファイル.ts \x1b[2J\x1b[31mand a very long line that does not fit on any screen at all'
    say({ type: 'agent.activity', ...where, text })
  }
  if (at === 2) {
    say({
      type: 'agent.ended',
      ...where,
      agent: 'claude:opus',
      role: 'author',
      attempt: 1,
      status: 0,
      durationMs: 4000,
      costUsd: 0.42,
    })
    say({ type: 'landing.testing', ...where, command: 'npm test' })
  }
})

let round = 0
const timer = setInterval(() => {
  round++
  const where = { worker: 'w1', iteration: 1 }
  say({ type: 'agent.activity', ...where, text: `Bash: npm run step-${round}` })
  if (round % 5 === 0) say({ type: 'note', text: `printed line ${round / 5} ${'long '.repeat(12)}` })
}, 100)

function end() {
  clearInterval(timer)
  for (const worker of names) say({ type: 'iteration.ended', worker, iteration: 1, outcome: 'landed', commits: 1 })
  say({ type: 'swarm.stopped', reason: 'told to', status: 0 })
  view.end()
}

if (!withKeys) {
  process.stdin.setEncoding('utf8').on('data', (text) => {
    if (!text.includes('end')) return
    end()
    process.stdin.pause()
  })
}
