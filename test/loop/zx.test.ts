// The loop file is a zx script: `$` is there, zx runs it as Node does, and hooks import zx without having it installed.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { alive, pidIn } from '../processes/support.js'
import { allEnded, level1, level2, until } from '../support/loop.js'
import { loopFile, packageRoot, start } from '../support/oompa.js'

const shipped = readFileSync(loopFile, 'utf8')
const TURN = '    for (const attempt of attempts(iteration)) {'

/** The shipped loop with lines before each iteration's turn, and at its end. */
function loopWith(before: string, after = ''): string {
  expect(shipped).toContain(TURN)
  return `${shipped.replace(TURN, () => `${before}\n${TURN}`)}\n${after}\n`
}

function read({ root }: { root: string }, name: string): string {
  return readFileSync(path.join(root, name), 'utf8')
}

const one = ['--workers', '1', '--iterations', '1']

test('a line of shell in the loop runs in the worktree, and another by itself where the loop was started', async () => {
  const loop = level1('echo done')
  const { repository } = loop
  const lines = `    await worktree.$\`pwd > where; echo \${'a  b'} $OOMPA_WORKER >> where\`; await $\`pwd > beside\``
  repository.write('oompa_loompas.mjs', loopWith(lines, `await $\`echo \${'it is over'} > over\``))
  const ended = await loop.oompa(['run', ...one])
  expect(ended.status, ended.stderr).toBe(0)
  expect(read(repository, '.w1-i1/where')).toBe(`${repository.root}/.w1-i1\na  b w1\n`)
  expect(read(repository, 'beside')).toBe(`${repository.root}\n`)
  expect(read(repository, 'over')).toBe('it is over\n')
  expect(existsSync(path.join(repository.root, 'node_modules'))).toBe(false)
})

test('a line that fails ends its iteration, and says why', async () => {
  const loop = level1('echo done')
  loop.repository.write('oompa_loompas.mjs', loopWith('    await worktree.$`echo no such thing >&2; exit 7`'))
  await loop.oompa(['run', ...one])
  expect(loop.events('iteration.ended')[0]).toMatchObject({ outcome: 'failed' })
  expect(JSON.stringify(loop.events('iteration.ended')[0])).toContain('no such thing')
  expect(loop.agent.calls()).toHaveLength(0)
})

test('what a line has started ends when the swarm is killed', async () => {
  const loop = level1('echo done')
  const { root } = loop.repository
  const line = "setsid sh -c 'echo $$ > child; exec sleep 1000' & sleep 1000"
  loop.repository.write('oompa_loompas.mjs', loopWith(`    await worktree.$\`cd .. && ${line}\``))
  const running = start(process.execPath, [path.join(root, 'oompa_loompas.mjs'), ...one], {
    cwd: root,
    env: { ...loop.env, OOMPA_PACKAGE: path.join(packageRoot, 'bin/oompa') },
  })
  const pid = await pidIn(root, 'child')
  running.child.kill('SIGKILL')
  await running.ended
  await until(() => !alive(pid), 'the command has ended')
  await allEnded(loop)
})

test('OOMPA_SETUP is run in each worktree, at level 1 too', async () => {
  const loop = level1('echo done')
  const env = { ...loop.env, OOMPA_SETUP: 'pwd > ready; echo "a  b" >> ready' }
  const ended = await loop.run(one, { env })
  expect(ended.status, ended.stderr).toBe(0)
  expect(read(loop.repository, '.w1-i1/ready')).toBe(`${loop.repository.root}/.w1-i1\na  b\n`)
})

test('`zx ./oompa_loompas.mjs` takes the same words', async () => {
  const loop = level1('echo done')
  const { root } = loop.repository
  loop.repository.write('oompa_loompas.mjs', shipped)
  const zx = path.join(packageRoot, 'node_modules/zx/build/cli.js')
  const env = { ...loop.env, OOMPA_PACKAGE: path.join(packageRoot, 'bin/oompa') }
  const words = ['--quiet', './oompa_loompas.mjs', '--workers', '1', '--iterations', '2']
  const ended = await start(process.execPath, [zx, ...words], { cwd: root, env }).ended
  expect(ended.status, ended.stderr).toBe(0)
  expect(loop.agent.calls()).toHaveLength(2)
})

test('hooks have `$` by their context, and import zx without having it', async () => {
  const loop = level2('echo work > file.txt', {
    files: {
      'hooks/worktree.ts': `import { $, fs } from 'zx'
import type { WorktreeHook } from 'oompa-loompas'
export default (async (worktree, context) => {
  await worktree.$\`pwd > \${context.root}/by-worktree\`
  await $\`pwd > \${context.root}/by-zx\`
  await context.$\`pwd > by-context; echo $OOMPA_WORKER >> by-context\`
  fs.appendFileSync(\`\${context.root}/by-context\`, 'fs')
}) satisfies WorktreeHook
`,
      'hooks/merge.ts': `import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'test -f file.txt' })\n`,
      '.gitignore': 'by-*\n',
    },
  })
  const { repository } = loop
  const ended = await loop.run([])
  expect(ended.status, ended.stdout + ended.stderr).toBe(0)
  expect(read(repository, 'by-context')).toBe(`${repository.root}\nw1\nfs`)
  for (const name of ['by-worktree', 'by-zx']) expect(read(repository, name)).toMatch(/\/\S+\n$/)
  expect(read(repository, 'by-zx')).toBe(read(repository, 'by-worktree'))
  expect(repository.git(['show', 'main:file.txt'])).toBe('work')
  expect(loop.events('hook.failed')).toEqual([])
})

test('a loop of one’s own may hand on a copy of a change, and look at it', async () => {
  const loop = level2('cd "$OOMPA_WORKTREE"; echo x > x.txt')
  const line = '      const change = await propose(worktree, task, attempt)'
  const made = shipped.indexOf(line)
  const end = shipped.indexOf('\n', made)
  const own = `${line.replace('const change', 'const made')}; console.error(made); const change = { ...made, note: 1 }`
  loop.repository.write('oompa_loompas.mjs', shipped.slice(0, made) + own + shipped.slice(end))
  const ended = await loop.oompa(['run', ...one])
  expect(ended.status, ended.stderr).toBe(0)
  expect(ended.stderr).toContain('[Symbol(iteration)]: w1-1')
  expect(loop.repository.git(['show', 'main:x.txt'])).toBe('x')
})
