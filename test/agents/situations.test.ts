// An end is what the stream says: every adapter in situations that real CLIs have been seen in.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { type AgentRequest, runAgent } from '../../src/agents/run-agent.js'
import { realHarnesses } from '../support/realAgents.js'
import { testRepository } from '../support/repository.js'
import { meets, type Stream, streams } from './situations.js'

for (const harness of realHarnesses) meets(agents[harness], streams[harness])

/** Runs a script in the place of a CLI; `$BEGIN`, `$TOOL`, `$SAY` and `$END` are lines of its stream. */
function runStream(harness: keyof typeof streams, script: string, request: Partial<AgentRequest> = {}) {
  const repository = testRepository()
  const stream: Stream = streams[harness]
  const lines = { BEGIN: stream.begin, TOOL: stream.tool, SAY: stream.say('Done.'), END: stream.end('Done.') }
  for (const [name, text] of Object.entries(lines)) repository.write(`lines/${name}`, text)
  repository.write(`bin/${harness}`, `#!/bin/bash\nline() { cat ${repository.root}/lines/$1; }\n${script}\n`, 0o755)
  return {
    repository,
    run: runAgent({
      agent: agents[harness],
      turn: { spec: { harness }, form: 'json', permissions: 'inherit' },
      prompt: 'Do it.\n',
      cwd: repository.root,
      env: { ...repository.env, PATH: `${path.join(repository.root, 'bin')}:${repository.env.PATH}` },
      limits: {},
      ...request,
    }),
  }
}

describe.each(realHarnesses)('a run of %s', (harness) => {
  it('that goes on after its final message, for longer than the grace time, is let go on', async () => {
    const script =
      'line BEGIN; line SAY; line END; line BEGIN; line TOOL; sleep 1.2; echo whole > work; line SAY; line END'
    const { repository, run } = runStream(harness, script, { limits: { graceMs: 400 } })
    expect(await run).toMatchObject({ status: 0, reason: 'exited', text: expect.stringMatching(/Done\.$/) })
    expect((await run).failure).toBeUndefined()
    expect(readFileSync(path.join(repository.root, 'work'), 'utf8')).toBe('whole\n')
  })

  it('that we ended while it was at work is not done, whatever its status', async () => {
    const script =
      'trap "exit 0" TERM; line BEGIN; line SAY; line END; line BEGIN; line TOOL; while :; do sleep 0.05; done'
    const { run } = runStream(harness, script, { limits: { graceMs: 200, iterationMs: 900 } })
    expect(await run).toMatchObject({ status: 0, reason: 'timeout', failure: { kind: 'timeout' } })
  })

  it('that fails in a session that was gone on with, before its first tool, is begun anew with the whole prompt, once', async () => {
    const notices: string[] = []
    const words = streams[harness].failed('API Error: 400 messages.12: thinking blocks cannot be modified')
    const script = `cat >> prompts; echo "$*" >> calls
case "$*" in *old-session*) line BEGIN; line SAY; cat failed; exit 1;; esac
line BEGIN; line SAY; line END`
    const { repository, run } = runStream(
      harness,
      script.replace('cat failed', `printf '%s' '${words.replaceAll("'", "'\\''")}'`),
      {
        turn: { spec: { harness }, form: 'json', permissions: 'inherit', session: { id: 'old-session', resume: true } },
        prompt: 'Feedback.\n',
        freshPrompt: 'All of it.\n',
        onNotice: (text) => notices.push(text),
      },
    )
    expect(await run).toMatchObject({ restarted: true, text: 'Done.' })
    expect((await run).failure).toBeUndefined()
    expect(notices).toHaveLength(1)
    expect(readFileSync(path.join(repository.root, 'prompts'), 'utf8')).toBe('Feedback.\nAll of it.\n')
  })

  it.each([
    ['has used a tool', (s: Stream) => s.begin + s.tool + s.failed('something broke')],
    ['meets a limit', (s: Stream) => s.begin + s.failed("You've hit your usage limit")],
    ['meets a login', (s: Stream) => s.begin + s.failed('OAuth token has expired')],
  ])('that fails in such a session once it %s is not begun anew', async (_, said) => {
    const { repository, run } = runStream(harness, `echo "$*" >> calls; cat failed; exit 1`, {
      turn: { spec: { harness }, form: 'json', permissions: 'inherit', session: { id: 'old-session', resume: true } },
    })
    repository.write('failed', said(streams[harness]))
    expect((await run).failure).toBeDefined()
    expect(readFileSync(path.join(repository.root, 'calls'), 'utf8').trim().split('\n')).toHaveLength(1)
  })
})

describe('claude, resumed after a turn that left something in the background,', () => {
  const notification = JSON.stringify({
    type: 'result',
    subtype: 'success',
    is_error: false,
    num_turns: 0,
    result: '',
    total_cost_usd: 0,
    origin: { kind: 'task-notification' },
  })

  it('is not over with its answer to the notification, and works longer than the grace time', async () => {
    const script = `line BEGIN; echo '${notification}'; sleep 0.6; line BEGIN; line TOOL; sleep 0.6; echo whole > work; line SAY; line END`
    const { repository, run } = runStream('claude', script, { limits: { graceMs: 200 } })
    expect(await run).toMatchObject({ reason: 'exited', text: 'Done.' })
    expect((await run).failure).toBeUndefined()
    expect(readFileSync(path.join(repository.root, 'work'), 'utf8')).toBe('whole\n')
  })

  it('has done nothing where that is all it said', async () => {
    const { run } = runStream('claude', `line BEGIN; echo '${notification}'`)
    expect((await run).failure?.kind).toBe('error')
  })

  it('may still speak of a background task when all is said', () => {
    const reader = agents.claude.reader({ spec: { harness: 'claude' }, form: 'json', permissions: 'inherit' })
    reader.read(streams.claude.end('Done.'))
    reader.read(`${JSON.stringify({ type: 'system', subtype: 'task_updated', task_id: 'x' })}\n`)
    expect(reader.finished).toBe(true)
  })
})

describe('claude', () => {
  const turn = { spec: { harness: 'claude' }, form: 'json', permissions: 'inherit' } as const
  const read = (...events: unknown[]) => {
    const reader = agents.claude.reader(turn)
    for (const event of events) reader.read(`${JSON.stringify(event)}\n`)
    return reader.end({ status: 0, signal: null, stderr: '' })
  }
  const say = (id: string, text: string) => ({ type: 'assistant', message: { id, content: [{ type: 'text', text }] } })

  it('keeps what the stream said where its result is empty', () => {
    const result = { type: 'result', subtype: 'success', is_error: false, result: '', total_cost_usd: 0.5 }
    expect(read(say('1', 'first'), say('2', 'I did it.'), say('2', '__DONE__'), result)).toMatchObject({
      text: 'I did it.\n__DONE__',
      costUsd: 0.5,
    })
  })

  it('has failed where its turn came to no answer, though nothing is called an error', () => {
    const result = { type: 'result', subtype: 'error_max_turns', is_error: false, num_turns: 5 }
    expect(read(say('1', 'x'), result).failure?.kind).toBe('error')
  })

  it.each([
    [Number.MAX_VALUE, undefined],
    [1e300, undefined],
    [-1, undefined],
    [99_999_999_999_999, undefined],
    [Date.parse('2096-01-01') / 1000, undefined],
    [1_795_231_816, '2026-11-21T03:30:16.000Z'],
    [1_795_231_816_000, '2026-11-21T03:30:16.000Z'],
  ])('takes any number for the end of a limit: %s', (resetsAt, until) => {
    const event = { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt } }
    const result = { type: 'result', subtype: 'success', is_error: true, result: 'no more for now' }
    const { failure } = read(event, result)
    expect(failure?.kind).toBe('limit')
    expect(failure?.until).toBe(until)
  })

  it('counts the dearest of its results, since each counts the whole run', () => {
    const result = (total_cost_usd: number, result: string) => ({
      type: 'result',
      is_error: false,
      result,
      total_cost_usd,
    })
    expect(read(result(0.5, 'a'), result(0.75, 'b')).costUsd).toBe(0.75)
    expect(read(result(0.5, 'a'), { ...result(0, ''), origin: { kind: 'task-notification' } }).costUsd).toBe(0.5)
  })
})

describe('opencode', () => {
  it('goes on after a step that ended for a reason that its provider did not give', () => {
    const reader = agents.opencode.reader({ spec: { harness: 'opencode' }, form: 'json', permissions: 'inherit' })
    const finish = (reason: string) => `${JSON.stringify({ type: 'step_finish', sessionID: 's', part: { reason } })}\n`
    reader.read(streams.opencode.begin + finish('unknown'))
    expect(reader.finished).toBe(false)
    reader.read(streams.opencode.begin + finish('stop'))
    expect(reader.finished).toBe(true)
  })
})
