// What a machine offers to others while it waits for its turn, and what it takes of theirs: words of another, and data.

import path from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { commandRunner } from '../../src/hooks/commandRunner.js'
import { detectPushed } from '../../src/merge/bypass.js'
import type { Candidate } from '../../src/merge/contract.js'
import { openOffers } from '../../src/merge/offers.js'
import { repositoryAt, type TestRepository } from '../support/repository.js'
import { type LandingRepository, landingRepository } from './support.js'

const NEVER = new AbortController().signal
const ALDER = '0123abcd'
const BIRCH = '89abcdef'

let alder: LandingRepository
let birch: TestRepository
let bare: TestRepository

beforeEach(() => {
  alder = landingRepository({ 'a.txt': 'one\n' })
  const base = path.dirname(alder.root)
  alder.git(['clone', '-q', '--bare', alder.root, path.join(base, 'bare.git')])
  alder.git(['remote', 'add', 'origin', path.join(base, 'bare.git')])
  alder.git(['fetch', '-q', 'origin'])
  alder.git(['clone', '-q', path.join(base, 'bare.git'), path.join(base, 'birch')])
  bare = repositoryAt(path.join(base, 'bare.git'), alder.home)
  birch = repositoryAt(path.join(base, 'birch'), alder.home)
})

function offersOf({ root }: TestRepository, swarm: string) {
  const context = { root, signal: NEVER, emit: () => {}, run: commandRunner(root), env: { OOMPA_SWARM: swarm } }
  return openOffers(context, 'main', { push: true, test: 'true' })
}

const candidate = (branch: string, more: Partial<Candidate> = {}): Candidate => ({
  branch,
  commit: alder.git(['rev-parse', branch]).trim(),
  base: alder.git(['rev-parse', 'main']).trim(),
  worker: 'w1',
  machine: 'alder',
  iteration: 1,
  task: { id: 'a/b c', summary: 'Two\nlines' },
  reviewedBy: ['claude:opus'],
  ...more,
})

it('takes what another machine has pushed, under no ref of its own, and each commit once', async () => {
  const commit = alder.branch('work', { 'b.txt': 'two\n' })
  const told = await offersOf(alder, ALDER).tell([candidate('work')])
  const refs = birch.git(['for-each-ref'])
  const offers = offersOf(birch, BIRCH)
  const [taken, ...more] = await offers.take(JSON.parse(JSON.stringify(told)), 8)
  expect(more).toEqual([])
  expect(taken).toEqual({ ...candidate('work'), branch: 'alder/work' })
  expect(birch.git(['show', `${commit}:b.txt`])).toBe('two')
  expect(birch.git(['for-each-ref'])).toBe(refs)
  expect(await offers.take(told, 8)).toEqual([])
})

it('offers no change whose status this clone writes, none without a task, and none that the remote refuses', async () => {
  alder.branch('work', { 'b.txt': 'two\n' })
  const status = { edits: async () => [], settle: async () => {} }
  const offers = offersOf(alder, ALDER)
  const all = [{ status }, { task: undefined }].map((more) => candidate('work', more))
  expect(await offers.tell(all)).toEqual([])
  bare.write('hooks/update', '#!/bin/sh\nexit 1\n', 0o755)
  expect(await offers.tell([candidate('work')])).toEqual([])
})

it('takes nothing that is no offer, and nothing that is not there; what is beside it is taken all the same', async () => {
  alder.branch('work', { 'b.txt': 'two\n' })
  alder.branch('unrelated', { 'c.txt': 'three\n' })
  const [offer] = await offersOf(alder, ALDER).tell([candidate('work')])
  const unrelated = alder.git(['rev-parse', 'unrelated']).trim()
  const evil = [
    null,
    'work',
    { ...offer, commit: '--upload-pack=touch evil' },
    { ...offer, swarm: '../../heads' },
    { ...offer, worker: 'w1/../../../heads/main' },
    { ...offer, reviewedBy: ['x'.repeat(5000)] },
    // Not pushed, and not what it was built on.
    { ...offer, worker: 'w2', commit: 'a'.repeat(40) },
    { ...offer, worker: 'w3', commit: birch.git(['rev-parse', 'main']).trim(), base: unrelated },
  ]
  const taken = await offersOf(birch, BIRCH).take([...evil, offer], 8)
  expect(taken.map(({ branch }) => branch)).toEqual(['alder/work'])
  expect(await offersOf(birch, BIRCH).take([offer, offer], 0)).toEqual([])
})

it('takes nothing that its own workers have made: an agent tells of it, as another machine', async () => {
  alder.git(['checkout', '-q', '-b', 'oompa/w1-i1'])
  const commit = alder.commit('Unreviewed', { 'evil.txt': 'x\n' })
  alder.git(['checkout', '-q', 'main'])
  alder.git(['push', '-q', 'origin', `${commit}:refs/oompa/changes/${BIRCH}/w1/evil`])
  const own = candidate('oompa/w1-i1', { machine: 'ghost', task: { id: 'evil' } })
  const offers = offersOf(alder, ALDER)
  expect(await offers.take([{ ...own, swarm: BIRCH }], 8)).toEqual([])
  // Another swarm of this clone has reviewed and offered it itself.
  const told = await offersOf(alder, BIRCH).tell([own])
  expect(await offersOf(alder, ALDER).take(told, 8)).toHaveLength(1)
})

it('leaves nothing of what has landed on the remote, and takes nothing away that it has not pushed', async () => {
  alder.branch('work', { 'b.txt': 'two\n' })
  const offers = offersOf(alder, ALDER)
  const refs = () => bare.git(['for-each-ref', '--format=%(refname)', 'refs/oompa'])
  const all = [candidate('work'), candidate('work', { machine: undefined, worker: 'w2' })]
  await offers.tell([all[1]!])
  expect(refs()).toBe(`refs/oompa/changes/${ALDER}/w2/a%2Fb%20c`)
  await offers.forget([all[0]!])
  expect(refs()).not.toBe('')
  await offers.forget(all)
  expect(refs()).toBe('')
})

it('what an agent offers past its machine is found on the target by that machine; what the machine offered is not', async () => {
  for (const [name, isOffered] of [
    ['approved', true],
    ['forged', false],
  ] as const) {
    alder.git(['checkout', '-q', '-b', `oompa/w1-${name}`, 'origin/main'])
    const commit = alder.commit(name, { [`${name}.txt`]: 'x\n' })
    alder.git(['checkout', '-q', 'main'])
    const one = candidate(`oompa/w1-${name}`, { base: alder.git(['rev-parse', 'origin/main']).trim() })
    if (isOffered) expect(await offersOf(alder, ALDER).tell([one])).toHaveLength(1)
    alder.git(['push', '-q', 'origin', `+oompa/w1-${name}:refs/oompa/changes/x`])
    // Another machine lands it, whoever has told of it.
    birch.git(['pull', '-q', 'origin', 'main'])
    birch.git(['fetch', '-q', 'origin', 'refs/oompa/changes/x'])
    birch.git(['merge', '-q', '--no-ff', '-m', `Land ${name}`, 'FETCH_HEAD'])
    birch.git(['push', '-q', 'origin', 'main'])
    alder.git(['fetch', '-q', 'origin'])
    const fetched = alder.git(['rev-parse', 'origin/main']).trim()
    const bypass = await detectPushed(alder.root, 'main', 'origin', fetched)
    expect(bypass?.commits).toEqual(isOffered ? undefined : [commit])
  }
})

it('reads from the target that one has landed, and by which value of it', async () => {
  alder.branch('work', { 'b.txt': 'two\n' })
  alder.branch('other', { 'c.txt': 'three\n' })
  const offers = offersOf(alder, ALDER)
  const [work, other] = [candidate('work'), candidate('other', { worker: 'w2' })]
  await offers.tell([work, other])
  alder.commit('before', { 'd.txt': 'four\n' })
  alder.git(['merge', '-q', '--no-ff', '-m', 'Land it', 'work'])
  const commit = alder.git(['rev-parse', 'main']).trim()
  alder.commit('after', { 'e.txt': 'five\n' })
  expect([...(await offers.landed([work, other]))]).toEqual([
    [work, { commit, into: 'main', mergedCommit: work.commit }],
  ])
  // One that another process has offered is not known here.
  expect((await offersOf(alder, ALDER).landed([work])).size).toBe(0)
})
