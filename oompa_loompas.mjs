#!/usr/bin/env node
// The loop, a zx script: workers in parallel, iterations in turn, each in a worktree of its own. This is all of it, and
// it is yours to edit. Each comment on the right is the line of bash that it stands for, or the hook that turns the stage on.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const { $, attempts, claim, land, openWorktree, propose, review, swarm } = await import(toolkit())

await swarm(async (worker) => {                               // for w in $(seq 1 ${WORKERS:-3}); do (
  for await (const iteration of worker) {                     //   for i in $(seq 1 ${ITERATIONS:-5}); do
    const task = await claim(iteration)                       //     hooks/tasks
    const worktree = await openWorktree(iteration)            //     git worktree add .w1-i1 -b oompa/w1-i1
    if (process.env.OOMPA_SETUP) await worktree.$`eval ${process.env.OOMPA_SETUP}` //  (cd .w1-i1 && eval "$OOMPA_SETUP"): npm ci, say
    for (const attempt of attempts(iteration)) {              //     once; up to three times from level 2 on
      const change = await propose(worktree, task, attempt)   //     { echo "Worktree: $wt"; cat prompts/worker.md; } | claude -p -
      const refusal = await review(change) ?? await land(change) //  hooks/review, then hooks/approve and hooks/merge
      if (!refusal) break
      attempt.feedback = refusal                              //     a review, a conflict, a failed test: back to its author
    }
  }                                                           //   done
})                                                            // ) & done; wait

/** The package: what runs us, or is installed beside this file, on the PATH, or wrote this file; nothing of this folder. */
function toolkit() {
  const end = (why) => { console.error(why); process.exit(2) }
  if (!/^v(20\.(19|[2-9]\d)|22\.(1[2-9]|[2-9]\d)|2[3-9]|[3-9]\d|\d{3,})\b/.test(process.version)) end(`oompa needs Node 20.19 or 22.12 and newer; this is ${process.version}.\n  → https://nodejs.org/en/download`)
  const here = import.meta.dirname
  const isHere = (file) => [process.cwd(), resolve(file)].every((one) => `${one}/`.startsWith(`${here}/`))
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'oompa'))
  found.push(...[join(here, '.oompa/package')].filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8')))
  const program = process.env.OOMPA_PACKAGE ?? found.find((file) => file && existsSync(file) && !isHere(file))
  try {
    const beside = import.meta.resolve('oompa-loompas/loop')
    const isInstalled = beside.includes('/node_modules/') || !isHere(fileURLToPath(beside))
    if (!process.env.OOMPA_PACKAGE && isInstalled) return beside
  } catch {} // not beside this file
  if (program) return pathToFileURL(join(realpathSync(program), '../../dist/swarm/loop.js')).href
  end('oompa-loompas is not installed here. Get it in its clone: npm install --global .')
}
