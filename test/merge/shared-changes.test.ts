// What a difference in what all worktrees share means: whose it is, what undoes it, what is put back, what waits.

import { describe, expect, test } from 'vitest'
import {
  changeWords,
  configChanges,
  excludeChange,
  fileChange,
  goneFrom,
  refChanges,
  stashChanges,
} from '../../src/merge/shared-changes.js'

const file = { name: 'config', shown: '.git/config', place: '--local' }
const config = (keys: Record<string, string | string[]>) =>
  new Map(Object.entries(keys).map(([key, values]) => [key, [values].flat()]))
const nobody = new Map<string, string[]>()
const oid = (letter: string) => letter.repeat(40)

describe('configuration', () => {
  test.each([
    'core.bare',
    'core.worktree',
    'core.fsmonitor',
    'core.sshcommand',
    'core.attributesfile',
    'core.excludesfile',
    'extensions.worktreeconfig',
    'include.path',
    'includeif.gitdir:/x.path',
    'filter.evil.clean',
    'merge.evil.driver',
    'gpg.program',
    'commit.gpgsign',
    'submodule.lib.update',
  ])('%s would keep the loop from working: it is put back, whoever set it', (key) => {
    const [change] = configChanges(
      file,
      config({ 'user.name': 'Pat' }),
      config({ 'user.name': 'Pat', [key]: 'x' }),
      nobody,
    )
    expect(change).toMatchObject({ holds: true, by: [], putBack: { config: 'config', key, values: [] } })
    expect(change!.undo).toBe(`git config --local --unset-all ${key}`)
  })

  test.each(['user.email', 'alias.co', 'core.hookspath', 'core.editor', 'pull.rebase', 'url.https://x/.insteadof'])(
    '%s may be the person’s: it is said, and put back only where a guard has recorded whose it is',
    (key) => {
      const compare = (records: Map<string, string[]>) =>
        configChanges(file, config({}), config({ [key]: 'x' }), records)[0]!
      expect(compare(nobody)).toMatchObject({ holds: false, by: [] })
      expect(compare(nobody).putBack).toBeUndefined()
      // Nothing is known of what another git has written: it waits, and nothing is undone.
      const another = compare(
        new Map([
          ['w1', ['another git']],
          ['w2', []],
        ]),
      )
      expect(another).toMatchObject({ holds: true, by: [], suspects: ['w1'] })
      expect(another.putBack).toBeUndefined()
      expect(
        compare(
          new Map([
            ['w1', ['config config a.b c']],
            ['w2', [`config config ${key.toUpperCase()} x`]],
          ]),
        ),
      ).toMatchObject({
        holds: true,
        by: ['w2'],
        putBack: { key },
      })
    },
  )

  test.each<Record<string, string>>([
    { 'branch.x.remote': 'origin' },
    { 'branch.x.merge': 'refs/heads/x' },
    { 'branch.x.vscode-merge-base': 'origin/main' },
    { 'submodule.lib.url': 'https://x', 'submodule.lib.active': 'true' },
    { 'lfs.repositoryformatversion': '0', 'lfs.https://x/info/lfs.access': 'basic' },
    { 'remote.fork.url': 'https://x', 'remote.fork.fetch': '+refs/heads/*:refs/remotes/fork/*' },
    { 'remote.origin.gh-resolved': 'base' },
    { 'maintenance.auto': 'false' },
  ])('%o is what tools write for themselves, and no word is lost on it', (keys) => {
    expect(
      configChanges(file, config({ 'remote.origin.url': 'o' }), config({ 'remote.origin.url': 'o', ...keys }), nobody),
    ).toEqual([])
  })

  test.each([
    [{ 'remote.origin.url': 'evil' }, 'git config --local --replace-all remote.origin.url o'],
    [{ 'remote.origin.url': 'o', 'remote.origin.pushurl': 'evil' }, '--unset-all remote.origin.pushurl'],
    [{ 'remote.origin.url': ['o', 'evil'] }, '--replace-all remote.origin.url o'],
    [{ 'remote.origin.url': 'o', 'lfs.customtransfer.x.path': 'evil' }, '--unset-all lfs.customtransfer.x.path'],
    [{}, '--replace-all remote.origin.url o'],
  ])('%o is none of that', (keys, undo) => {
    const changes = configChanges(
      file,
      config({ 'remote.origin.url': 'o' }),
      config(keys as Record<string, string>),
      nobody,
    )
    expect(changes).toHaveLength(1)
    expect(changes[0]!.undo).toContain(undo)
  })

  test('a section that is removed, and a remote that is set, are known by the command that does it', () => {
    const before = config({ 'user.name': 'Pat', 'remote.origin.url': 'o', 'core.sparsecheckout': 'false' })
    const records = new Map([
      ['w1', ['config config --remove-section user']],
      ['w2', ['remote set-url origin evil']],
      ['w3', ['sparse-checkout set a']],
    ])
    const after = config({ 'remote.origin.url': 'evil', 'core.sparsecheckout': 'true' })
    const by = configChanges(file, before, after, records).map((change) => [change.what.split(' ')[0], change.by])
    expect(Object.fromEntries(by)).toEqual({
      'user.name': ['w1'],
      'remote.origin.url': ['w2'],
      'core.sparsecheckout': ['w3'],
    })
  })

  test('what tools write for themselves is put back where an agent has taken it away', () => {
    const before = config({
      'remote.origin.url': 'o',
      'branch.main.remote': 'origin',
      'branch.main.merge': 'refs/heads/main',
    })
    expect(configChanges(file, before, config({ 'remote.origin.url': 'o' }), nobody)).toEqual([])
    const changes = configChanges(file, before, config({}), new Map([['w1', ['remote remove origin']]]))
    expect(changes.map(({ putBack }) => putBack && 'key' in putBack && putBack.key)).toEqual([...before.keys()])
  })

  test('what a value says cannot end the command that is printed', () => {
    const [change] = configChanges(
      file,
      config({ 'user.name': "O'Neil; rm -rf ~" }),
      config({ 'user.name': 'x' }),
      nobody,
    )
    expect(change!.undo).toBe(`git config --local --replace-all user.name 'O'\\''Neil; rm -rf ~'`)
  })
})

describe('files', () => {
  const state = (text: string, mode = 0o644) => ({
    stamp: `${text} ${mode} ${Math.random()}`,
    mode,
    content: Buffer.from(text),
  })
  const compare = (before: string | undefined, after: string | undefined, name = 'hooks/pre-push') =>
    fileChange(
      name,
      `.git/${name}`,
      before === undefined ? undefined : state(before),
      after === undefined ? undefined : state(after),
      before && 'saved',
    )

  test('that were written anew with the same content, as installers do, have not changed', () => {
    expect(compare('a', 'a')).toBeUndefined()
    expect(compare(undefined, undefined)).toBeUndefined()
    expect(fileChange('hooks/x', '.git/hooks/x', state('a', 0o755), state('a', 0o644), 'saved')).toBeDefined()
  })

  test('that are new, gone or changed wait for a person, with the command that undoes it', () => {
    expect(compare(undefined, 'a')).toMatchObject({
      what: '.git/hooks/pre-push is new',
      undo: 'rm .git/hooks/pre-push',
      holds: true,
    })
    expect(compare('a', undefined)).toMatchObject({
      what: '.git/hooks/pre-push is gone',
      undo: 'cp -p saved .git/hooks/pre-push',
    })
    expect(compare('a', 'b')).toMatchObject({ what: '.git/hooks/pre-push has changed' })
    expect(compare('a', 'b')!.putBack).toBeUndefined()
  })

  test.each(['info/attributes', 'objects/info/alternates'])('%s is put back', (name) => {
    expect(compare(undefined, 'x', name)).toMatchObject({ putBack: { file: name, before: undefined } })
  })

  test('lines of info/exclude are somebody’s unless they are ours, comments, or were there', () => {
    const ours = new Set(['/node_modules'])
    expect(excludeChange('e', '*.log\n', '*.log\n# new\n\n/node_modules\n', ours)).toEqual([])
    expect(excludeChange('e', '*.log\n', '*.log\n*.py\n', ours)[0]!.what).toContain('"*.py"')
  })
})

describe('the stash', () => {
  const [a, b] = [
    { oid: oid('a'), message: 'mine' },
    { oid: oid('b'), message: 'other' },
  ]

  test('may get entries; one that is gone is named', () => {
    expect(goneFrom([a], [a, b])).toEqual([])
    expect(goneFrom([a, a], [a])).toEqual([a])
    expect(stashChanges(goneFrom([a, b], [b]), nobody)).toMatchObject([
      { what: 'the stash has lost an entry: mine', holds: false },
    ])
  })

  test('is put back where an agent was refused half way, or has its files, and at level 1, where nobody is refused', () => {
    expect(stashChanges([a], nobody)[0]!.putBack).toBeUndefined()
    const restored = { holds: true, putBack: { stash: a } }
    expect(stashChanges([a], new Map([['w1', ['stash']]]))).toMatchObject([{ by: ['w1'], ...restored }])
    expect(stashChanges([a], nobody, new Map([[a.oid, ['w2']]]))).toMatchObject([{ by: ['w2'], ...restored }])
    expect(stashChanges([a], undefined)).toMatchObject([{ by: [], holds: false, putBack: { stash: a } }])
  })
})

describe('refs', () => {
  const compare = (before: Record<string, string>, after: Record<string, string>, logged?: boolean, records = nobody) =>
    refChanges(new Map(Object.entries(before)), new Map(Object.entries(after)), records, {
      into: 'main',
      isLogged: () => logged,
    })

  test.each([
    'refs/heads/main',
    'refs/heads/oompa/w2-i1',
    'refs/oompa/kept/1/w1-1',
    'refs/remotes/origin/main',
    'refs/stash',
  ])('%s is moved by ourselves, or watched elsewhere', (ref) =>
    expect(compare({ [ref]: oid('a') }, { [ref]: oid('b') }, false)).toEqual([]),
  )

  test('a person’s branch and tag move, and begin, without a word', () => {
    expect(compare({ 'refs/heads/x': oid('a') }, { 'refs/heads/x': oid('b'), 'refs/tags/v1': oid('a') }, true)).toEqual(
      [],
    )
    expect(compare({ 'refs/heads/x': oid('a') }, { 'refs/heads/x': oid('b') }, undefined)).toEqual([])
  })

  test('what a guard recorded, what git has not written down, and a replacement wait for a person', () => {
    const recorded = new Map([['w1', ['ref refs/heads/x']]])
    expect(compare({ 'refs/heads/x': oid('a') }, { 'refs/heads/x': oid('b') }, true, recorded)).toMatchObject([
      { by: ['w1'], holds: true, undo: `git update-ref refs/heads/x ${oid('a')}` },
    ])
    expect(compare({ 'refs/heads/x': oid('a') }, { 'refs/heads/x': oid('b') }, false)).toMatchObject([
      { by: [], holds: true },
    ])
    expect(compare({}, { [`refs/replace/${oid('a')}`]: oid('b') }, true)).toMatchObject([
      { holds: true, undo: 'git replace -d aaaaaaaaaaaa' },
    ])
  })

  test('what is gone is said, and holds nothing back unless a guard knows who did it', () => {
    expect(compare({ 'refs/heads/x': oid('a') }, {})).toMatchObject([
      { what: 'x is gone (it was at aaaaaaaaaaaa)', holds: false },
    ])
  })
})

test('the words say what is known, and no more', () => {
  const change = { what: 'x is new', undo: 'rm x', by: [], holds: true }
  expect(changeWords(change, ['w1'])).toBe(
    'While w1 was at work, what all worktrees share has changed: x is new. Who did it is not known. To undo it: rm x',
  )
  expect(changeWords(change, ['w1', 'w2'])).toContain('While w1 and w2 were at work')
  expect(changeWords({ ...change, by: ['w2'] }, ['w1', 'w2'])).toBe(
    'w2 changed what all worktrees share: x is new. To undo it: rm x',
  )
})
