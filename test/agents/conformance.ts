// What every adapter must do with a recorded stream, however it is cut into pieces. A new adapter passes this with a
// cassette of its own.

import { describe, expect, it } from 'vitest'
import type { Agent, TurnResult } from '../../src/agents/contract.js'
import type { Cassette } from './cassette.js'

/** Reads a recorded stream in pieces of at most `size` characters. */
export function replay(agent: Agent, cassette: Cassette, size = cassette.stdout.length || 1) {
  const reader = agent.reader(cassette.turn)
  const activity: string[] = []
  let finishedAt = Number.POSITIVE_INFINITY
  for (let at = 0; at < cassette.stdout.length; at += size) {
    activity.push(...reader.read(cassette.stdout.slice(at, at + size)))
    if (reader.finished && finishedAt === Number.POSITIVE_INFINITY) finishedAt = at + size
  }
  const { status, signal, stderr } = cassette
  return { result: reader.end({ status, signal, stderr }), activity, finishedAt }
}

/** A limit's end depends on the moment of reading, unless the service said a moment. */
function timeless({ failure, ...result }: TurnResult) {
  return { ...result, failure: failure && { ...failure, until: typeof failure.until } }
}

/** Checks an adapter against one recorded run. */
export function conforms(agent: Agent, name: string, cassette: Cassette): void {
  describe(`${agent.name} reads the recorded run "${name}"`, () => {
    const whole = replay(agent, cassette)

    it.each([1, 7, 1000])('the same in pieces of %i', (size) => {
      const pieces = replay(agent, cassette, size)
      expect(timeless(pieces.result)).toEqual(timeless(whole.result))
      expect(pieces.activity).toEqual(whole.activity)
    })

    it('with lines among it that are not its own', () => {
      const noise = 'warning: something\n{"broken":\n\n{"type":"something-new","data":[1,2]}\n[]\nnull\n'
      const stdout = noise + cassette.stdout.replace(/\n/g, `\n${noise}`)
      expect(timeless(replay(agent, { ...cassette, stdout }).result)).toEqual(timeless(whole.result))
    })

    it('with activity that is one short line each, safe on a terminal', () => {
      for (const line of whole.activity) {
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
        expect(line.length).toBeLessThanOrEqual(160)
      }
    })

    it('and is never done by half of it', () => {
      for (const part of [0, 0.25, 0.5, 0.75]) {
        const stdout = cassette.stdout.slice(0, Math.floor(cassette.stdout.length * part))
        const { result } = replay(agent, { ...cassette, stdout, status: null, signal: 'SIGKILL' })
        expect(result.failure).toBeDefined()
      }
    })

    it('is finished only with its last word', () => {
      if (cassette.status === 0 && !whole.result.denials.length)
        expect(whole.finishedAt).not.toBe(Number.POSITIVE_INFINITY)
      const { finishedAt } = replay(agent, cassette, 1)
      const rest = cassette.stdout.slice(finishedAt)
      expect(
        rest.trim() === '' ||
          finishedAt === Number.POSITIVE_INFINITY ||
          /^\s*\{"type":"(result|turn\.failed|error)/.test(rest),
      ).toBe(true)
    })
  })
}

/** Checks that do not need a stream. */
export function builds(agent: Agent, model: string): void {
  describe(`${agent.name} builds argv`, () => {
    const spec = { harness: agent.name, model }
    const session = { id: '12345678-1234-4123-8123-123456789abc', resume: true }

    it('without the prompt in it, and with the model', () => {
      const { file, args } = agent.command({ spec, form: 'json', permissions: 'inherit' })
      expect(file).toBe(agent.name)
      expect(args).toContain(model)
    })

    it('that is the same for the same turn', () => {
      const turn = { spec, form: 'json', permissions: 'bypass', session } as const
      expect(agent.command(turn)).toEqual(agent.command(turn))
    })

    it('that names a session to go on with, and asks for less where nothing is bypassed', () => {
      const bypass = agent.command({ spec, form: 'json', permissions: 'bypass', session }).args
      const inherit = agent.command({ spec, form: 'json', permissions: 'inherit', session }).args
      expect(bypass).toContain(session.id)
      expect(bypass.length).toBe(inherit.length + 1)
      expect(inherit.join(' ')).not.toMatch(/danger|yolo|auto|bypass/)
    })

    it('that starts a session under our id where the CLI lets us', () => {
      const start = { ...session, resume: false }
      const { args } = agent.command({ spec, form: 'json', permissions: 'inherit', session: start })
      expect(args.includes(session.id)).toBe(agent.choosesSession)
    })

    it('and says how to install, log in and allow', () => {
      const { install, loginHelp, allow } = agent.check
      expect([install, loginHelp, allow].every((text) => text.length > 10)).toBe(true)
    })
  })
}
