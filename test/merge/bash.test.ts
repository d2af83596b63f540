// The loop in bash at levels 1 and 2, with a scripted agent: what it lands is what ours lands.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loopFile, oompaBin, packageRoot, start } from '../support/oompa.js'
import { type LandingRepository, landingRepository } from './support.js'

const HOOK = "import { mergeQueue } from 'oompa-loompas'\nexport default mergeQueue({ test: 'test -e list.txt' })\n"
const script = path.join(packageRoot, 'bin/oompa_loompas.sh')

/** An agent that writes one file named after its worktree, and says what it was told. */
function prepare(repository: LandingRepository, lines: string): NodeJS.ProcessEnv & { AGENT: string } {
  const agent = repository.write(
    '.git/agent',
    `#!/bin/sh\ninput=$(cat)\nname=$(printf '%s' "$input" | sed -n '1s/Worktree: //p')\n${lines}\n`,
    0o755,
  )
  const oompa = repository.write(
    '.git/oompa-command',
    `#!/bin/sh\nexec '${process.execPath}' '${oompaBin}' "$@"\n`,
    0o755,
  )
  repository.write('.git/info/exclude', '/.w[0-9]*-i[0-9]*/\n')
  return { ...repository.env, AGENT: agent, OOMPA: oompa, WORKERS: '3', ITERATIONS: '2' }
}

const run = (repository: LandingRepository, env: NodeJS.ProcessEnv) =>
  start('bash', [script], { cwd: repository.root, env }).ended

describe('oompa_loompas.sh', () => {
  test('at level 1 gives each agent the name of its worktree and the prompt, in the repository’s root', async () => {
    const repository = landingRepository({ 'prompts/worker.md': 'Work.\n' })
    const log = path.join(repository.home, 'log')
    const env = prepare(repository, `printf '%s|%s\\n' "$PWD" "$input" | tr '\\n' ' ' >> '${log}'; echo >> '${log}'`)
    expect((await run(repository, env)).status).toBe(0)
    const said = readFileSync(log, 'utf8').trim().split('\n').sort()
    expect(said).toHaveLength(6)
    expect(said[0]!.trim()).toBe(`${repository.root}|Worktree: .w1-i1 Work.`)
    expect(existsSync(path.join(repository.root, '.w3-i2'))).toBe(true)
  })

  test('goes on a second time, with what is there, what has lost its folder, and what is new', async () => {
    for (const level of [1, 2]) {
      const repository = landingRepository({ 'prompts/worker.md': 'Work.\n', 'list.txt': '' })
      if (level === 2) repository.commit('Level 2', { 'hooks/merge.mjs': HOOK })
      const log = path.join(repository.home, 'log')
      const env = { ...prepare(repository, `echo "$name" >> '${log}'`), WORKERS: '1', ITERATIONS: '3' }
      expect((await run(repository, env)).status).toBe(0)
      repository.write('.w1-i1/unsaved.txt', 'work of before\n')
      rmSync(path.join(repository.root, '.w1-i2'), { recursive: true })
      repository.git(['worktree', 'remove', '--force', '.w1-i3'])
      repository.git(['branch', '-D', 'oompa/w1-i3'])
      repository.commit('Main goes on', { 'more.txt': 'x\n' })
      expect((await run(repository, env)).stderr).not.toMatch(/fatal|error/)
      expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(6)
      const first = path.join(repository.root, '.w1-i1')
      if (level === 2) expect(repository.git(['show', 'main:unsaved.txt'])).toBe('work of before')
      else expect(readFileSync(path.join(first, 'unsaved.txt'), 'utf8')).toBe('work of before\n')
      if (level === 1) expect(existsSync(path.join(first, 'more.txt'))).toBe(true)
    }
  })

  test('at level 2 lands what our loop lands, and the author mends a conflict', async () => {
    const mend = 'git merge -q main >/dev/null 2>&1; git show main:list.txt > list.txt; echo "$name" >> list.txt'
    const work = 'echo "$name" > "$name.txt"; echo "$name" >> list.txt'
    const lines = `name=$(basename "$PWD"); if [ -e "$name.txt" ]; then ${mend}; else ${work}; fi; git add -A; git commit -qm "$name"`
    const names = ['.w1-i1', '.w1-i2', '.w2-i1', '.w2-i2']
    const landed: string[] = []
    for (const loop of ['bash', 'ours']) {
      const repository = landingRepository({ 'prompts/worker.md': 'Work.\n', 'hooks/merge.mjs': HOOK, 'list.txt': '' })
      const env = { ...prepare(repository, lines), WORKERS: '2' }
      const ours = { ...env, OOMPA_AGENT: `command:${env.AGENT}` }
      const ended = await (loop === 'bash'
        ? run(repository, env)
        : start(process.execPath, [loopFile], { cwd: repository.root, env: ours }).ended)
      expect(ended).toMatchObject({ status: 0 })
      expect(repository.git(['show', 'main:list.txt']).split('\n').sort()).toEqual(names)
      expect(
        repository
          .git(['worktree', 'list'])
          .split('\n')
          .filter((line) => /\.w\d/.test(line)),
      ).toEqual([])
      expect(repository.git(['status', '--porcelain'])).toBe('')
      landed.push(repository.git(['ls-tree', '--name-only', 'main']))
    }
    expect(landed[0]!.split('\n')).toEqual(expect.arrayContaining(names.map((name) => `${name}.txt`)))
    expect(landed[1]).toBe(landed[0])
  })
})
