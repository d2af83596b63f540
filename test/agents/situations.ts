// Situations that every adapter of a JSON stream meets, in the words of each CLI: what its run is then.

import { describe, expect, it } from 'vitest'
import type { Agent, AgentFailure, Turn } from '../../src/agents/contract.js'
import type { RealHarness } from '../support/realAgents.js'

/** The lines of a CLI's stream, as its recorded runs have them. */
export interface Stream {
  readonly begin: string
  say(text: string): string
  readonly tool: string
  /** The end of a turn that worked, with its final message where the end carries one. */
  end(text: string): string
  /** The end of a turn that failed with these words of the service. */
  failed(words: string): string
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`

export const streams: Readonly<Record<RealHarness, Stream>> = {
  claude: {
    begin: json({ type: 'system', subtype: 'init', session_id: 's' }),
    say: (text) =>
      json({ type: 'assistant', message: { id: text, content: [{ type: 'text', text }] }, parent_tool_use_id: null }),
    tool: json({
      type: 'assistant',
      message: { id: 'tool', content: [{ type: 'tool_use', name: 'Bash', input: { command: 'make' } }] },
      parent_tool_use_id: null,
    }),
    end: (result) => json({ type: 'result', subtype: 'success', is_error: false, result, session_id: 's' }),
    failed: (result) => json({ type: 'result', subtype: 'success', is_error: true, result, session_id: 's' }),
  },
  codex: {
    begin: json({ type: 'thread.started', thread_id: 's' }) + json({ type: 'turn.started' }),
    say: (text) => json({ type: 'item.completed', item: { id: text, type: 'agent_message', text } }),
    tool:
      json({ type: 'item.started', item: { id: 'i', type: 'command_execution', command: 'make' } }) +
      json({ type: 'item.completed', item: { id: 'i', type: 'command_execution', command: 'make', exit_code: 0 } }),
    end: () => json({ type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } }),
    failed: (message) => json({ type: 'error', message }) + json({ type: 'turn.failed', error: { message } }),
  },
  opencode: {
    begin: json({ type: 'step_start', sessionID: 's', part: { type: 'step-start' } }),
    say: (text) => json({ type: 'text', sessionID: 's', part: { type: 'text', messageID: text, text } }),
    tool:
      json({ type: 'tool_use', sessionID: 's', part: { tool: 'bash', state: { status: 'completed', input: {} } } }) +
      json({ type: 'step_finish', sessionID: 's', part: { reason: 'tool-calls', tokens: {}, cost: 0 } }) +
      json({ type: 'step_start', sessionID: 's', part: { type: 'step-start' } }),
    end: () => json({ type: 'step_finish', sessionID: 's', part: { reason: 'stop', tokens: {}, cost: 0 } }),
    failed: (message) => json({ type: 'error', sessionID: 's', error: { name: 'APIError', data: { message } } }),
  },
  gemini: {
    begin: json({ type: 'init', session_id: 's', model: 'm' }),
    say: (content) => json({ type: 'message', role: 'assistant', content }),
    tool:
      json({ type: 'tool_use', tool_name: 'run_shell_command', tool_id: 't', parameters: { command: 'make' } }) +
      json({ type: 'tool_result', tool_id: 't', status: 'success', output: '' }),
    end: () => json({ type: 'result', status: 'success', stats: {} }),
    failed: (message) => json({ type: 'result', status: 'error', error: { type: 'unknown', message }, stats: {} }),
  },
}

interface Situation {
  readonly name: string
  stdout(stream: Stream): string
  readonly status?: number
  readonly stderr?: string
  /** What it must come to; without `kind` it is done. */
  readonly is: { kind?: AgentFailure['kind']; text?: string; tools?: number; message?: RegExp }
}

const whole = (s: Stream): string => s.begin + s.say('Done.\n\n__DONE__') + s.end('Done.\n\n__DONE__')
const isWhole = { text: 'Done.\n\n__DONE__', tools: 0 }

const situations: readonly Situation[] = [
  { name: 'a whole turn', stdout: whole, is: isWhole },
  {
    name: 'a turn with a tool',
    stdout: (s) => s.begin + s.tool + s.say('ok') + s.end('ok'),
    is: { text: 'ok', tools: 1 },
  },
  // Without its end event a stream is no turn, whatever the status.
  {
    name: 'nothing at all, with status 0',
    stdout: () => '',
    is: { kind: 'error', message: /without a final message/ },
  },
  { name: 'blank lines, with status 0', stdout: () => '\n \n\n', is: { kind: 'error' } },
  { name: 'a beginning, with status 0', stdout: (s) => s.begin, is: { kind: 'error', tools: 0 } },
  {
    name: 'words and no end, with status 0',
    stdout: (s) => s.begin + s.say('I look.'),
    is: { kind: 'error', text: 'I look.' },
  },
  {
    name: 'a tool and no end, with status 0',
    stdout: (s) => s.begin + s.say('x') + s.tool,
    is: { kind: 'error', tools: 1 },
  },
  { name: 'an end that is cut', stdout: (s) => whole(s).slice(0, -6), is: { kind: 'error' } },
  {
    name: 'an error on standard error only, with status 0',
    stdout: () => '',
    stderr: 'Error: Unexpected error\n\ndatabase is locked\n',
    is: { kind: 'error', message: /database is locked/ },
  },
  {
    name: 'an error as plain text, with status 0',
    stdout: () => 'Error: database is locked\n',
    is: { kind: 'error', message: /locked/ },
  },
  // A final message is no latch.
  {
    name: 'an end, and then more of the turn that never ends',
    stdout: (s) => whole(s) + s.begin + s.say('And one thing more.') + s.tool,
    is: { kind: 'error' },
  },
  {
    name: 'an end, more of the turn, and its end',
    stdout: (s) => whole(s) + s.begin + s.tool + s.say('All of it.') + s.end('All of it.'),
    is: { text: 'All of it.', tools: 1 },
  },
  // The status of a CLI that had done its turn is a warning.
  {
    name: 'a whole turn with status 1',
    stdout: whole,
    status: 1,
    is: { ...isWhole, kind: 'exit', message: /status 1 after its final message/ },
  },
  {
    name: 'a whole turn with status 1 and a limit on standard error',
    stdout: whole,
    status: 1,
    stderr: 'ERROR 429 Too Many Requests: you have hit your usage limit\n',
    is: { kind: 'exit' },
  },
  {
    name: 'a whole turn whose model speaks of a login',
    stdout: (s) => s.begin + s.say('401 Unauthorized') + s.end('401 Unauthorized'),
    is: {},
  },
  // Whose words they are.
  {
    name: 'a turn that is cut after the model had spoken of a limit',
    stdout: (s) => s.begin + s.say('You have hit your usage limit: 429 Too Many Requests.'),
    status: 1,
    is: { kind: 'error' },
  },
  {
    name: 'a turn that is cut while a server of tools complains of its own limit',
    stdout: (s) => s.begin + s.say('I ask GitHub.') + s.tool,
    status: 1,
    stderr: '[mcp:github] 429 Too Many Requests\nError: API rate limit exceeded for user\n',
    is: { kind: 'error' },
  },
  {
    name: 'a CLI that ends at once while a server of tools complains of its own login',
    stdout: () => '',
    status: 1,
    stderr: 'MCP server github: 401 Unauthorized\n',
    is: { kind: 'error' },
  },
  {
    name: 'a limit that the service tells',
    stdout: (s) => s.begin + s.failed("You've hit your usage limit, resets 3pm"),
    status: 1,
    is: { kind: 'limit' },
  },
  { name: 'a limit with status 0', stdout: (s) => s.begin + s.failed('Rate limit reached'), is: { kind: 'limit' } },
  {
    name: 'a limit that is told before anything else',
    stdout: () => '',
    status: 1,
    stderr: "You've hit your limit · resets 5pm\n",
    is: { kind: 'limit' },
  },
  {
    name: 'a login that has expired',
    stdout: (s) => s.begin + s.failed('OAuth session expired and could not be refreshed'),
    status: 1,
    is: { kind: 'login' },
  },
  // What other programs write to the same terminal.
  {
    name: 'escape sequences before each line',
    stdout: (s) => beforeLines(whole(s), '\u001b[?2004h\u001b]0;title: {x}\u0007'),
    is: isWhole,
  },
  {
    name: 'a byte order mark, and carriage returns',
    stdout: (s) => `\ufeff${whole(s).replaceAll('\n', '\r\n')}`,
    is: isWhole,
  },
  {
    name: 'a status line before each object',
    stdout: (s) => beforeLines(whole(s), '[statusline] {repo} main "x '),
    is: isWhole,
  },
  { name: 'escapes behind each object', stdout: (s) => whole(s).replaceAll('}\n', '}\u001b[?2004l\n'), is: isWhole },
  { name: 'all objects on one line', stdout: (s) => whole(s).replaceAll('\n', ''), is: isWhole },
  {
    name: 'plain text of a wrapper',
    stdout: () => 'I am a script.\n__DONE__\n',
    is: { text: 'I am a script.\n__DONE__\n' },
  },
]

const beforeLines = (text: string, noise: string): string => text.replace(/^(?=\{)/gm, noise)

/** Checks an adapter against all situations. */
export function meets(agent: Agent, stream: Stream): void {
  describe(`${agent.name} tells`, () => {
    const turn: Turn = { spec: { harness: agent.name }, form: 'json', permissions: 'inherit' }
    it.each(situations)('$name', ({ stdout, status = 0, stderr = '', is }) => {
      for (const size of [1_000_000, 5]) {
        const reader = agent.reader(turn)
        const text = stdout(stream)
        for (let at = 0; at < text.length; at += size) reader.read(text.slice(at, at + size))
        const result = reader.end({ status, signal: null, stderr })
        expect(result.failure?.kind).toBe(is.kind)
        if (is.text !== undefined) expect(result.text).toBe(is.text)
        if (is.tools !== undefined) expect(result.tools).toBe(is.tools)
        if (is.message) expect(result.failure?.message).toMatch(is.message)
      }
    })

    it('that it is finished while its stream says so, and not a moment longer', () => {
      const reader = agent.reader(turn)
      const finishedWith = (text: string): boolean => {
        reader.read(text)
        return reader.finished
      }
      expect(finishedWith(stream.begin)).toBe(false)
      expect(finishedWith(stream.say('Done.'))).toBe(false)
      expect(finishedWith(stream.end('Done.'))).toBe(true)
      expect(finishedWith('[statusline] main\n\u001b[?2004l\n')).toBe(true)
      expect(finishedWith(stream.begin)).toBe(false)
      expect(finishedWith(stream.tool)).toBe(false)
      expect(finishedWith(stream.end('Done.'))).toBe(true)
    })
  })
}
