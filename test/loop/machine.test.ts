import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scriptedAgent } from '../support/agents.js'
import { level1Files, loopIn, type TestLoop } from '../support/loop.js'
import { repositoryAt, temporaryFolder } from '../support/repository.js'

/** Whether file systems may be mounted here: root, and not in a container that forbids it. */
const canMount = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
  return probe.status === 0
})()
if (!canMount) console.log('skipped: a full disk and a read-only folder, because nothing can be mounted here')

/** A repository on a file system of its own, `megabytes` large. */
function onDisk(megabytes: number, config: Readonly<Record<string, unknown>> | undefined, body: string): TestLoop {
  const base = temporaryFolder()
  const disk = path.join(base, 'disk')
  const home = path.join(base, 'home')
  for (const folder of [disk, home]) mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', disk])
  onTestFinished(() => void spawnSync('umount', ['-l', disk]))
  const repository = repositoryAt(path.join(disk, 'repo'), home)
  mkdirSync(repository.root)
  repository.git(['init', '-q', '-b', 'main'])
  repository.commit('Start', { ...level1Files, ...(config ? { 'oompa.json': JSON.stringify(config) } : {}) })
  return loopIn(repository, scriptedAgent(repository, body, 'worker'))
}

/** Fills a disk to the last byte. */
function fill(folder: string): string {
  const file = path.join(folder, 'ballast')
  const { bavail, bsize } = statfsSync(folder)
  spawnSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=65536', `count=${Math.ceil((bavail * bsize) / 65536) + 1}`], {
    stdio: 'ignore',
  })
  return file
}

// A worktree that cannot be made is a failed iteration, after which a worker backs off.
const level2Config = { workers: [{ model: 'command:worker', iterations: 2 }], backoff: { first: 0 } }

describe('a full disk', () => {
  test.skipIf(!canMount)(
    'no room for a worktree: said with the numbers before git leaves half of one; no agent starts',
    async () => {
      const loop = onDisk(40, level2Config, 'echo done')
      const ended = await loop.run()
      expect(ended.status).toBe(1)
      expect(ended.stdout).toMatch(/needs \d+ MB, and \d+ MB are free/)
      expect(loop.agent.calls()).toEqual([])
      expect(existsSync(path.join(loop.repository.root, '.w1-i1'))).toBe(false)
      expect(loop.repository.git(['worktree', 'list']).split('\n')).toHaveLength(1)
      expect(loop.repository.git(['fsck', '--no-progress'])).toBe('')
    },
  )

  test.skipIf(!canMount)(
    'it fills up while agents work: the swarm ends by itself, and what was made is in its worktree',
    async () => {
      const loop = onDisk(
        120,
        level2Config,
        'cd "$OOMPA_WORKTREE"; echo precious > work.txt; dd if=/dev/zero of=../../ballast bs=1M count=500 2>/dev/null; echo printed; seq 1 20000',
      )
      const { root } = loop.repository
      const ended = await loop.run()
      expect(ended.status, ended.stdout + ended.stderr).not.toBe(0)
      expect(ended.stdout + ended.stderr).toMatch(/No space left|ENOSPC|Out of diskspace|MB are free/)
      expect(ended.stderr).not.toMatch(/\n\s+at /)
      rmSync(path.join(root, '../ballast'))
      const places = [`${root}/.w1-i1/work.txt`].filter(existsSync).map((file) => readFileSync(file, 'utf8'))
      const kept = loop.refs('refs/oompa/kept/').map((ref) => `${loop.repository.git(['show', `${ref}:work.txt`])}\n`)
      expect([...places, ...kept]).toContain('precious\n')
      // With room again the next start keeps what was left, and goes on.
      writeFileSync(path.join(loop.repository.home, 'bin/worker'), '#!/bin/sh\ncat > /dev/null\necho done\n')
      const again = await loop.run()
      expect(again.status, again.stdout + again.stderr).not.toBe(1)
      expect(loop.refs('refs/oompa/kept/').map((ref) => loop.repository.git(['show', `${ref}:work.txt`]))).toContain(
        'precious',
      )
      expect(loop.repository.git(['fsck', '--no-progress', '--no-dangling'])).toBe('')
    },
  )

  test.skipIf(!canMount)('full from the start: says so, and breaks nothing', async () => {
    const loop = onDisk(20, undefined, 'echo done')
    const file = fill(path.dirname(loop.repository.root))
    const ended = await loop.run(['--agent', 'command:worker', '--workers', '1'])
    expect(ended.status).not.toBe(0)
    expect(ended.stderr + ended.stdout).toMatch(/no space left|ENOSPC|MB are free/i)
    expect(ended.stderr).not.toMatch(/\n\s+at /)
    rmSync(file)
    expect(loop.repository.git(['status', '--porcelain'])).toBe('')
  })
})

describe('a read-only folder', () => {
  test.skipIf(!canMount)('the repository: one clear message, status 1, and nothing is started', async () => {
    const loop = onDisk(40, undefined, 'echo done')
    const disk = path.dirname(loop.repository.root)
    execFileSync('mount', ['-o', 'remount,ro', disk])
    for (const call of [
      () => loop.run(['--agent', 'command:worker']),
      () => loop.oompa(['run', '--agent', 'command:worker', '--detach']),
    ]) {
      const ended = await call()
      expect(ended.status).toBe(1)
      expect(ended.stderr).toMatch(/read-only/i)
      expect(ended.stderr).not.toMatch(/\n\s+at /)
    }
    expect(loop.agent.calls()).toEqual([])
    // What only reads still works.
    expect((await loop.oompa(['status'])).status).toBe(3)
    expect((await loop.oompa(['cleanup', '--dry-run'])).status).toBe(0)
  })

  test.skipIf(!canMount)('the cache folder: worktrees are made and removed without spares', async () => {
    const loop = onDisk(
      120,
      level2Config,
      'cd "$OOMPA_WORKTREE"; echo "$OOMPA_ITERATION" > f; git add f; git commit -qm f',
    )
    const cache = path.join(loop.repository.home, '.cache')
    mkdirSync(cache)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', cache])
    onTestFinished(() => void spawnSync('umount', ['-l', cache]))
    const ended = await loop.run()
    expect(ended.status, ended.stdout + ended.stderr).toBe(0)
    expect(loop.events('landing.landed')).toHaveLength(2)
    expect(readdirSync(loop.repository.root).filter((name) => name.startsWith('.w'))).toEqual([])
  })
})
