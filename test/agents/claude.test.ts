// Claude at level 1 is the bash script's, to the byte.

import { describe, expect, it } from 'vitest'
import { claude } from '../../src/agents/claude.js'
import type { Turn } from '../../src/agents/contract.js'

const turn: Turn = { spec: { harness: 'claude' }, form: 'text', permissions: 'inherit' }

describe('claude as text', () => {
  it('is called as the script calls it', () => {
    expect(claude.command(turn)).toEqual({ file: 'claude', args: ['-p', '-'] })
    const spec = { harness: 'claude', model: 'opus' }
    expect(claude.command({ ...turn, spec }).args).toEqual(['-p', '-', '--model', 'opus'])
    expect(claude.command({ ...turn, spec, permissions: 'bypass' }).args).toEqual([
      '-p',
      '-',
      '--model',
      'opus',
      '--dangerously-skip-permissions',
    ])
  })

  it('tells a limit and a login apart by what it prints', () => {
    const reader = claude.reader(turn)
    reader.read("You've hit your session limit · resets 3:14am (UTC)\n")
    const { failure } = reader.end({ status: 1, signal: null, stderr: '' })
    expect(failure).toMatchObject({ kind: 'limit', until: expect.stringContaining(':14:00') })
    const login = claude.reader(turn)
    login.read('Not logged in · Please run /login\n')
    expect(login.end({ status: 1, signal: null, stderr: '' }).failure?.kind).toBe('login')
  })

  it('takes what the model says of limits for text where the run went well', () => {
    const reader = claude.reader(turn)
    reader.read('I added handling of 429 Too Many Requests.\n\n__DONE__\n')
    const result = reader.end({ status: 0, signal: null, stderr: '' })
    expect(result.failure).toBeUndefined()
    expect(result.text).toContain('__DONE__')
  })
})

describe('claude as JSON', () => {
  it('takes its reasoning by a flag', () => {
    const spec = { harness: 'claude', reasoning: 'max' } as const
    expect(claude.command({ ...turn, form: 'json', spec }).args.join(' ')).toContain('--effort max')
    expect(claude.command({ ...turn, form: 'json', spec: { ...spec, reasoning: 'minimal' } }).args).toContain('low')
  })

  it('takes the main agent’s words for the final message, and not those of its helpers', () => {
    const reader = claude.reader({ ...turn, form: 'json' })
    const say = (text: string, parent: string | null) =>
      `${JSON.stringify({ type: 'assistant', parent_tool_use_id: parent, message: { content: [{ type: 'text', text }] } })}\n`
    reader.read(say('mine', null) + say('__DONE__', 'toolu_1'))
    expect(reader.end({ status: null, signal: 'SIGKILL', stderr: '' })).toMatchObject({
      text: 'mine',
      failure: { kind: 'error' },
    })
  })
})
