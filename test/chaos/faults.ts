// What goes wrong: each fault is one entry, done to a running world; what it gives back heals it.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isErrno } from '../../src/errors.js'
import type { Scene } from './scene.js'

/** Does it; whatever has to be put right before the next run is done by what it returns. */
type Fault = (scene: Scene) => Promise<(() => void | Promise<void>) | void>

const faults = {
  'kill-swarm': async ({ swarm }) => {
    swarm.child.kill('SIGKILL')
  },
  'kill-agent': async (scene) => {
    scene.killOne((line) => /\/bin\/(author|critic)$/.test(line[1] ?? ''))
  },
  'kill-git': async (scene) => {
    for (let turn = 0; turn < 40; turn++) {
      scene.killOne((line) => /(^|\/)git$/.test(line[0] ?? ''))
      await sleep(10)
    }
  },
  'stop-and-go': async ({ swarm }) => {
    swarm.child.kill('SIGSTOP')
    await sleep(3000)
    swarm.child.kill('SIGCONT')
  },
  interrupt: async ({ swarm }) => {
    swarm.child.kill('SIGINT')
  },
  'interrupt-twice': async ({ swarm }) => {
    swarm.child.kill('SIGINT')
    await sleep(150)
    swarm.child.kill('SIGINT')
  },
  'stop-gently': async (scene) => {
    await scene.oompa(['stop'])
  },
  'disk-full': async ({ world }) => {
    if (spawnSync('mountpoint', ['-q', world.base]).status !== 0) return undefined
    const filler = path.join(world.base, 'filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' })
    // What an agent could not write to the disk it has not made.
    world.forgiven.add('uncommitted')
    await sleep(1500)
    rmSync(filler, { force: true })
    return undefined
  },
  'read-only-folder': async (scene) => {
    const { root } = scene.world.repository
    const folder = scene.pick(
      [
        '.git/refs/heads',
        '.git/worktrees',
        '.git/oompa',
        '.oompa/runs',
        'tasks/pending',
        'tasks/current',
        'tasks/complete',
        '.git',
      ].filter((one) => existsSync(path.join(root, one))),
    )
    spawnSync('chattr', ['+i', path.join(root, folder)])
    await sleep(800)
    spawnSync('chattr', ['-i', path.join(root, folder)])
  },
  'clock-jumps': async (scene) => {
    const hours = scene.pick([-30, 30])
    for (const file of scene.oursBelow(['.oompa', '.git/oompa', 'tasks'])) {
      const then = new Date(Date.now() + hours * 3_600_000)
      try {
        utimesSync(file, then, then)
      } catch {
        // It is gone by now.
      }
    }
  },
  'left-locks': async (scene) => {
    const { root } = scene.world.repository
    const names = [
      '.git/index.lock',
      '.git/packed-refs.lock',
      '.git/refs/heads/main.lock',
      '.git/config.lock',
      '.git/HEAD.lock',
    ]
    const left = scene.pick(names)
    const file = path.join(root, left)
    if (existsSync(file)) return undefined
    writeFileSync(file, '')
    await sleep(1200)
    rmSync(file, { force: true })
    return undefined
  },
  'claims-deleted': async ({ world }) => {
    rmSync(path.join(world.repository.root, '.oompa/claims'), { recursive: true, force: true })
  },
  'worktree-deleted': async (scene) => {
    const { world } = scene
    const names = readdirSync(world.repository.root).filter((name) => /^\.w\d+-i\d+$/.test(name))
    if (names.length === 0) return
    world.forgiven.add('uncommitted')
    const folder = path.join(world.repository.root, scene.pick(names))
    // An agent may be writing into it, and then the folder is not empty when its turn comes.
    for (let tries = 0; existsSync(folder) && tries < 50; tries++) {
      try {
        rmSync(folder, { recursive: true, force: true })
      } catch (error) {
        if (!isErrno(error, 'ENOTEMPTY')) throw error
      }
    }
  },
  'remote-hangs': async ({ world }) => remoteHook(world.remote, 'exec sleep 20'),
  'remote-refuses': async ({ world }) => remoteHook(world.remote, 'echo "not today" >&2; exit 1'),
  'remote-goes-away': async ({ world }) => {
    const { remote } = world
    if (!remote || !existsSync(remote)) return undefined
    renameSync(remote, `${remote}.away`)
    return () => renameSync(`${remote}.away`, remote)
  },
  'second-swarm': async (scene) => {
    scene.startSwarm()
  },
  'person-commits': async (scene) => {
    scene.person('commits')
  },
  'person-amends': async (scene) => {
    scene.person('commits')
    await sleep(300)
    scene.person('amends')
  },
  'person-checks-out': async (scene) => {
    if (scene.tryGit(['checkout', '-q', '-b', 'side']) !== undefined) return undefined
    await sleep(1500)
    return () => {
      const why = scene.tryGit(['checkout', '-q', 'main'])
      if (why !== undefined) throw new Error(`\`git checkout main\` does not work any more: ${why}`)
    }
  },
  'person-in-the-way': async ({ world }) => {
    const file = path.join(world.repository.root, 'shared.txt')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, `${before}in the way\n`)
    await sleep(1500)
    world.repository.git(['checkout', '-q', '--', 'shared.txt'])
  },
  'gc-prune': async (scene) => {
    scene.world.forgiven.add('pruned')
    scene.tryGit(['gc', '-q', '--prune=now'])
  },
  'reflog-expire': async (scene) => {
    scene.world.forgiven.add('pruned')
    // Not of the stash: that is what drops a stash.
    scene.tryGit(['reflog', 'expire', '--expire=now', 'HEAD', 'refs/heads/main'])
    scene.tryGit(['gc', '-q', '--prune=now'])
  },
  'agent-loses-git': async ({ world }) => {
    world.forgiven.add('uncommitted')
    writeFileSync(path.join(world.notes, 'hostile'), 'rm -f .git\n')
  },
  'agent-points-at-root': async ({ world }) => {
    world.forgiven.add('uncommitted')
    writeFileSync(
      path.join(world.notes, 'hostile'),
      `echo 'gitdir: ${world.repository.root}/.git' > .git; echo done; exit 0\n`,
    )
  },
  'agent-stashes': async ({ world }) => {
    writeFileSync(path.join(world.notes, 'hostile'), 'git stash -q; git stash pop -q; git stash clear\n')
  },
  'agent-configures': async ({ world }) => {
    const lines = [
      'git config core.bare true',
      'git config user.email evil@example.com',
      'git config core.hooksPath /nowhere',
    ]
    writeFileSync(path.join(world.notes, 'hostile'), `${lines.join('\n')}\n`)
    // At level 3 it is undone or said; what the test itself needs is put back before the next run.
    return () => {
      for (const key of ['core.bare', 'core.hooksPath', 'user.email'])
        spawnSync('git', ['config', '--file', path.join(world.repository.root, '.git/config'), '--unset-all', key])
    }
  },
  'agent-moves-tasks': async ({ world }) => {
    const { root } = world.repository
    // One is removed, the others are called complete: those that are pending, and those that others hold.
    const lines = [
      `cd '${root}/tasks'`,
      'for f in pending/t*.json; do if [ -z "$gone" ]; then gone=1; rm "$f"; else mv "$f" complete/; fi; done',
      'for f in current/t*.json; do [ "$f" = "current/$OOMPA_TASK.json" ] || mv "$f" complete/; done',
    ]
    writeFileSync(path.join(world.notes, 'hostile'), `( ${lines.join('; ')} ) 2> /dev/null\n`)
  },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults

export const faultNames = Object.keys(faults) as FaultName[]

/** Those that need a disk which may be spoiled. */
export const diskFaults: readonly FaultName[] = ['disk-full', 'read-only-folder']

export function doFault(name: FaultName, scene: Scene): ReturnType<Fault> {
  return (faults[name] as Fault)(scene)
}

function remoteHook(remote: string | undefined, body: string): (() => void) | undefined {
  if (!remote || !existsSync(remote)) return undefined
  const hook = path.join(remote, 'hooks/pre-receive')
  writeFileSync(hook, `#!/bin/sh\n${body}\n`)
  chmodSync(hook, 0o755)
  return () => rmSync(hook, { force: true })
}
