// `.oompa/` and worktrees' folders are in no landing, and the loop takes no program from the repository it runs in.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { mergeQueue } from '../../src/merge/hook.js'
import { isRefusal } from '../../src/words.js'
import { level2 } from '../support/loop.js'
import { packageRoot, start } from '../support/oompa.js'
import { testRepository } from '../support/repository.js'
import { landingRepository, submit } from './support.js'

describe('what oompa keeps in the checkout', () => {
  test.each(['merge', 'rebase', 'squash'] as const)(
    'is refused by a landing (%s), whatever added it; the rest of a group lands',
    async (strategy) => {
      const repository = landingRepository()
      const answers: Record<string, unknown> = {}
      for (const name of ['.oompa/package', '.OOMPA/x', '.w1-i1/file', '.w12-i3/a/b']) {
        const branch = `of-${Object.keys(answers).length}`
        repository.branch(branch, { [name]: 'x\n', 'made.txt': 'x\n' })
        answers[name] = await repository.land(branch, { strategy })
      }
      for (const answer of Object.values(answers))
        expect(answer).toMatchObject({ refused: 'policy', feedback: expect.stringContaining('git rm -r -q --cached') })
      repository.branch('good', {
        'good.txt': 'x\n',
        '.oompa.md': 'x\n',
        '.well-known/x': 'x\n',
        'docs/.oompa/x': 'x\n',
      })
      const [bad, good] = await submit(repository, mergeQueue({ strategy }), ['of-0', 'good'])
      expect([isRefusal(bad!), isRefusal(good!)]).toEqual([true, false])
      expect(repository.git(['ls-tree', '-r', '--name-only', 'main']).split('\n')).not.toContain('.oompa/package')
    },
  )

  test('may be taken out, and may stay as it was where a person has committed it', async () => {
    const repository = landingRepository({ 'README.md': 'hello\n', '.oompa/package': 'x\n' })
    repository.branch('other', { 'made.txt': 'x\n' })
    expect(isRefusal(await repository.land('other'))).toBe(false)
    repository.branch('changes', { '.oompa/package': 'y\n' })
    expect(isRefusal(await repository.land('changes'))).toBe(true)
    repository.branch('out', { '.oompa/package': null })
    expect(isRefusal(await repository.land('out'))).toBe(false)
  })

  test('goes back to its author before anybody reads it, who takes it out; then it lands', async () => {
    const body = `if [ -e .oompa ]; then git rm -rq --cached .oompa && git commit -qm out
      else mkdir .oompa && echo evil > .oompa/package && echo 1 > made.txt && git add -f .oompa made.txt && git commit -qm work; fi`
    const loop = level2(body)
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.agent.calls()[1]!.input).toContain('git rm -r -q --cached .oompa')
    expect(loop.repository.git(['ls-tree', '--name-only', 'main']).split('\n')).not.toContain('.oompa')
    expect(loop.repository.git(['show', 'main:made.txt'])).toBe('1')
  })
})

describe('the loop', () => {
  test.each([
    ['what .oompa/package names', { '.oompa/package': '{root}/bin/oompa' }, {}],
    ['an oompa in a folder of the PATH', {}, { PATH: '{root}/bin:{PATH}' }],
    ['an oompa in a relative folder of the PATH', {}, { PATH: 'bin:{PATH}' }],
    [
      'itself, by a package.json that says so',
      { 'package.json': '{"name":"oompa-loompas","exports":{"./loop":"./dist/swarm/loop.js"}}' },
      {},
    ],
  ])(
    'does not run %s from the repository it is in',
    async (_what, files: Record<string, string>, env: Record<string, string>) => {
      const repository = testRepository({
        'README.md': '',
        'bin/oompa': '',
        'dist/swarm/loop.js': 'console.log("evil"); process.exit(0)\n',
      })
      const clean = (repository.env.PATH ?? '')
        .split(':')
        .filter((folder) => !folder.includes('oompa'))
        .join(':')
      const filled = (text: string) => text.replace('{root}', repository.root).replace('{PATH}', clean)
      for (const [name, text] of Object.entries(files)) repository.write(name, filled(text))
      const file = repository.write(
        'oompa_loompas.mjs',
        readFileSync(path.join(packageRoot, 'oompa_loompas.mjs')),
        0o755,
      )
      const given = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, filled(text)]))
      const ended = await start(process.execPath, [file], {
        cwd: repository.root,
        env: { ...repository.env, PATH: clean, ...given },
      }).ended
      expect(ended.stdout).not.toContain('evil')
      expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining('npm install --global .') })
    },
  )

  test('is short enough to be read at once', () => {
    expect(
      readFileSync(path.join(packageRoot, 'oompa_loompas.mjs'), 'utf8').trimEnd().split('\n').length,
    ).toBeLessThanOrEqual(40)
  })
})
