// What an agent's process may know.

import { describe, expect, it } from 'vitest'
import { agentEnvironment } from '../../src/agents/agent-environment.js'

const person = {
  PATH: '/bin',
  HOME: '/home/me',
  LC_TIME: 'C',
  SECRET: 's',
  AWS_KEY: 'k',
  AWS_REGION: 'r',
  GIT_DIR: '/x',
  GIT_INDEX_FILE: '/x/index',
  GIT_AUTHOR_NAME: 'Me',
  CLAUDECODE: '1',
  CODEX_SANDBOX: 'seatbelt',
  OOMPA_TASK: 'outer',
  OOMPA_AGENT: 'claude',
}

describe('the environment of an agent', () => {
  it('is the person’s, without what locates a repository or an enclosing agent', () => {
    const env = agentEnvironment(person, { sandbox: false, add: { OOMPA_WORKER: 'w1' } })
    expect(env).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      LC_TIME: 'C',
      SECRET: 's',
      AWS_KEY: 'k',
      AWS_REGION: 'r',
      GIT_AUTHOR_NAME: 'Me',
      OOMPA_AGENT: 'claude',
      OOMPA_WORKER: 'w1',
    })
  })

  it('is what an allow-list names, and what a program needs to run', () => {
    const env = agentEnvironment(person, { allow: ['AWS_*', 'CLAUDECODE'], sandbox: false, add: {} })
    expect(env).toEqual({ PATH: '/bin', HOME: '/home/me', LC_TIME: 'C', AWS_KEY: 'k', AWS_REGION: 'r' })
  })

  it('is short in a sandbox', () => {
    const env = agentEnvironment(person, { sandbox: true, add: { A: 'b' } })
    expect(env).toEqual({ PATH: '/bin', HOME: '/home/me', LC_TIME: 'C', A: 'b' })
  })
})
