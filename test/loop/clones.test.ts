// Several clones of one remote: each works on what the others have pushed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { claiming, pending, team } from '../support/clones.js'
import { until } from '../support/loop.js'

/** Makes a file of its task's name. */
const makes = 'cd "$OOMPA_WORKTREE"; ls > "saw-$OOMPA_TASK"; echo done > "$OOMPA_TASK.txt"'
/** The same, but `slow` waits until the test lets it go on. */
const mayWait = `if [ "$OOMPA_TASK" = slow ]; then touch "$HOME/began"; until test -e "$HOME/go"; do sleep 0.05; done; fi; ${makes}`

describe('a base that is true', () => {
  test('who waits for a task finds what another clone pushes meanwhile, by one fetch for all workers', async () => {
    const { clones, bare } = team(mayWait, {
      worker: { count: 3, iterations: 2 },
      files: { ...claiming, ...pending('slow') },
    })
    const [here, there] = [clones[0]!, clones[1]!.repository]
    const counted = path.join(here.repository.home, 'fetches')
    const upload = here.repository.write(
      '.git/upload',
      `#!/bin/sh\ndate +%s%N >> '${counted}'\nexec git-upload-pack "$@"\n`,
      0o755,
    )
    here.repository.git(['config', 'remote.origin.uploadpack', upload])
    const running = here.start()
    await until(() => existsSync(path.join(here.repository.home, 'began')), 'the first task')
    there.commit('Another task, and something for it', { ...pending('next'), 'elsewhere.txt': '1' })
    there.git(['push', '-q'])
    await until(
      () => here.events('task.claimed').some((event) => event.task === 'next'),
      'the claim of what was pushed',
    )
    await until(() => here.events('task.completed').length === 1, 'its landing')
    writeFileSync(path.join(here.repository.home, 'go'), '')
    expect((await running.ended).status).toBe(0)
    expect(bare.git(['show', 'main:saw-next'])).toContain('elsewhere.txt')
    const times = readFileSync(counted, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line) / 1e6)
    // One at each landing's start, and between them at most one in five seconds, for three workers.
    const seconds = (times.at(-1)! - times[0]!) / 1000
    expect(times.length).toBeLessThanOrEqual(2 + 1 + Math.ceil(seconds / 5))
  })

  test('without a network work goes on, and it is said since when', async () => {
    const { clones, bare } = team(makes, { worker: { iterations: 2 }, files: { ...claiming, ...pending('one') } })
    const [here] = clones
    here!.repository.git(['remote', 'set-url', 'origin', `${bare.root}.away`])
    expect((await here!.run()).status).toBe(0)
    expect(here!.events('landing.landed')).toHaveLength(1)
    const said = here!.events('note').filter((note) => /could not be reached \(since \d\d:\d\d:\d\d\)/.test(note.text))
    expect(said).toHaveLength(1)
  })
})
