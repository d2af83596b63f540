// How agents are named.

import { describe, expect, it } from 'vitest'
import { builtInHarnesses, formatAgentSpec, parseAgentSpec, requireHarness } from '../../src/agents/spec.js'

describe('harness:model:reasoning', () => {
  it.each([
    ['claude', { harness: 'claude' }],
    ['claude:', { harness: 'claude' }],
    ['claude:opus-4.5', { harness: 'claude', model: 'opus-4.5' }],
    ['codex:codex-5.2:high', { harness: 'codex', model: 'codex-5.2', reasoning: 'high' }],
    ['codex::xhigh', { harness: 'codex', reasoning: 'xhigh' }],
    ['claude:high', { harness: 'claude', model: 'high' }],
    ['opencode:openrouter/x:free', { harness: 'opencode', model: 'openrouter/x:free' }],
    ['opencode:openrouter/x:free:max', { harness: 'opencode', model: 'openrouter/x:free', reasoning: 'max' }],
    ['claude:opus:Max', { harness: 'claude', model: 'opus:Max' }],
    ['command:./my agent:high', { harness: 'command', model: './my agent:high' }],
    [' claude:opus ', { harness: 'claude', model: 'opus' }],
  ])('reads %s', (text, spec) => {
    expect(parseAgentSpec(text)).toEqual(spec)
    expect(parseAgentSpec(formatAgentSpec(spec as never))).toEqual(spec)
  })

  it('names the nearest agent and all known ones', () => {
    expect(() => parseAgentSpec('cluade:opus', builtInHarnesses)).toThrow(
      expect.objectContaining({
        status: 2,
        message: expect.stringContaining('known: claude, codex, command, gemini, opencode'),
        mend: 'Did you mean claude:opus?',
      }),
    )
  })

  it('says how to name a program', () => {
    expect(() => parseAgentSpec('./my-agent')).toThrow(
      expect.objectContaining({ status: 2, mend: 'Did you mean command:./my-agent?' }),
    )
    expect(() => parseAgentSpec('command')).toThrow(expect.objectContaining({ status: 2 }))
  })

  it('takes the names of agents that hooks add, which are checked once they are known', () => {
    expect(parseAgentSpec('aider:gpt')).toEqual({ harness: 'aider', model: 'gpt' })
    expect(() => requireHarness({ harness: 'aider' }, builtInHarnesses)).toThrow(expect.objectContaining({ status: 2 }))
    expect(parseAgentSpec('aider:gpt', ['aider'])).toEqual({ harness: 'aider', model: 'gpt' })
  })

  it('refuses a model that could be read as an option, and one with control characters', () => {
    expect(() => parseAgentSpec('claude:--dangerous')).toThrow(expect.objectContaining({ status: 2 }))
    expect(() => parseAgentSpec('claude:a\nb')).toThrow(expect.objectContaining({ status: 2 }))
    expect(() => parseAgentSpec('')).toThrow(expect.objectContaining({ status: 2 }))
  })
})
