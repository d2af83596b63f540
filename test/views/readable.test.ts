import { expect, test } from 'vitest'
import { readable } from '../../src/views/readable.js'

function shown(...lines: unknown[]): string[] {
  const reader = readable()
  const out = lines.flatMap((line) => reader.take(typeof line === 'string' ? line : JSON.stringify(line)))
  return [...out, ...reader.flush()]
}

test("Claude's stream reads as what was said, called and answered", () => {
  expect(
    shown(
      { type: 'system', subtype: 'init', model: 'opus' },
      {
        type: 'assistant',
        message: {
          content: [
            { type: 'text', text: 'First.\nSecond.' },
            { type: 'tool_use', name: 'Bash', input: { command: 'npm test\nmore' } },
            { type: 'tool_use', name: 'Edit', input: { file_path: 'src/a.ts', new_string: 'x' } },
          ],
        },
      },
      { type: 'user', message: { content: [{ type: 'tool_result', content: 'a\nb\nc\nd\ne\nf' }] } },
      { type: 'user', message: { content: [{ type: 'tool_result', content: [{ type: 'text', text: 'ok' }] }] } },
      { type: 'result', subtype: 'success', is_error: false, result: 'First.', total_cost_usd: 0.123 },
    ),
  ).toEqual([
    'First.',
    'Second.',
    '→ Bash npm test',
    '→ Edit src/a.ts',
    '    a',
    '    b',
    '    c',
    '    d',
    '    … 2 more lines',
    '    ok',
    '(ended, $0.12)',
  ])
  expect(shown({ type: 'result', is_error: true, result: 'API Error: 500' })).toEqual([
    'API Error: 500',
    '(ended with an error)',
  ])
})

test("Codex's stream reads as what was said and run", () => {
  expect(
    shown(
      { type: 'thread.started', thread_id: 'x' },
      { type: 'turn.started' },
      { type: 'item.started', item: { type: 'command_execution', command: 'ls' } },
      {
        type: 'item.completed',
        item: { type: 'command_execution', command: 'ls', aggregated_output: 'a.txt\n', exit_code: 0 },
      },
      { type: 'item.completed', item: { type: 'file_change', changes: [{ path: 'a.txt', kind: 'update' }] } },
      { type: 'item.completed', item: { type: 'agent_message', text: 'Done.' } },
      { type: 'turn.completed', usage: { input_tokens: 1 } },
      { type: 'turn.failed', error: { message: 'limit' } },
    ),
  ).toEqual(['→ $ ls', '    a.txt', '→ update a.txt', 'Done.', 'error: limit'])
})

test("OpenCode's and Gemini's streams read as well, pieces of a message joined", () => {
  expect(
    shown(
      { type: 'step_start', part: {} },
      { type: 'tool_use', part: { tool: 'bash', state: { input: { command: 'pwd' }, output: '/x', title: 'Where' } } },
      { type: 'text', part: { text: 'Here.' } },
      { type: 'init', session_id: 's' },
      { type: 'message', role: 'user', content: 'the prompt' },
      { type: 'message', role: 'assistant', content: 'One mess', delta: true },
      { type: 'message', role: 'assistant', content: 'age.\nTwo.', delta: true },
      { type: 'tool_use', tool_name: 'shell', parameters: { command: 'ls' } },
      { type: 'tool_result', status: 'success', output: 'a.txt' },
    ),
  ).toEqual(['→ bash Where', '    /x', 'Here.', 'One message.', 'Two.', '→ shell ls', '    a.txt'])
})

test('noise around an object hides neither', () => {
  const event = '{"type":"text","part":{"text":"Here."}}'
  expect(shown(`\u001b[?2004h${event}`)).toEqual(['Here.'])
  expect(shown(`[statusline] main ${event}`)).toEqual(['[statusline] main ', 'Here.'])
  expect(shown(`${event} ${event}`)).toEqual(['Here.', 'Here.'])
  expect(shown(`\ufeff${event}\r`)).toEqual(['Here.'])
})

test('whatever is not known stays as it is', () => {
  const lines = ['plain', '{"type":"mine","x":1}', '{"a":1}', '{broken', '[1]', '{"type":7}', '']
  expect(shown(...lines)).toEqual(lines)
  expect(shown({ type: 'assistant' }, { type: 'item.completed' }, { type: 'text' })).toEqual(['→'])
})
