import { expect, test } from 'vitest'
import { decodeTask } from '../../src/tasks/decode.js'
import { readProposal } from '../../src/tasks/proposal.js'
import type { Task } from '../../src/words.js'

const there = (...ids: string[]): Task[] =>
  ids.map((id) => {
    const decoded = decodeTask({ id, summary: id })
    if ('reason' in decoded) throw new Error(decoded.reason)
    return decoded.task
  })

const block = (value: unknown) => `I looked.\n\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`
const problems = (answer: string, tasks: readonly Task[] = []) => {
  const read = readProposal(answer, tasks)
  return 'problems' in read ? read.problems.join('\n') : `taken: ${read.tasks.map(({ id }) => id).join(' ')}`
}
const task = (id: string, more: Record<string, unknown> = {}) => ({ id, summary: `Do ${id}`, ...more })

test('a list in a code block, or as the whole message, is read in full', () => {
  const full = task('a', {
    description: 'What',
    files: ['src/a.js'],
    acceptance: ['It works'],
    depends_on: ['done-already'],
    priority: 2,
  })
  const read = readProposal(block([full]), there('done-already'))
  expect(read).toEqual({
    tasks: [
      {
        id: 'a',
        summary: 'Do a',
        description: 'What',
        files: ['src/a.js'],
        acceptance: ['It works'],
        dependsOn: ['done-already'],
        priority: 2,
        extra: {},
      },
    ],
  })
  expect(problems(JSON.stringify([task('a')]))).toBe('taken: a')
  expect(problems(block([]))).toBe('taken: ')
  expect(problems(`\`\`\`\n[{"id": "a", "summary": "A"}]\n\`\`\`\n\`\`\`sh\n[ -f x ]\n\`\`\``)).toBe('taken: a')
})

test('each task comes after those that it waits for, else in the order of the answer', () => {
  const answer = block([task('c', { depends_on: ['b'] }), task('x'), task('b', { depends_on: ['a'] }), task('a')])
  expect(problems(answer)).toBe('taken: x a b c')
})

test('what is no list is refused, and says so', () => {
  expect(problems('All is well.')).toContain('no code block of JSON')
  expect(problems(`${block([task('a')])}${block([task('b')])}`)).toContain('2 code blocks')
  expect(problems('```json\n[{"id": "a",]\n```')).toContain('cannot be read')
  expect(problems('```json\n{"id": "a"}\n```')).toContain('no code block of JSON with a list')
  expect(problems(block(['a']))).toBe('Task 1 is no object.')
})

test('duplicates, cycles and unknown dependencies are refused by name', () => {
  expect(problems(block([task('a'), task('a')]))).toBe('The id `a` stands there twice.')
  expect(problems(block([task('login'), task('Login')]))).toContain('`Login` stands there twice')
  expect(problems(block([task('old')]), there('old'))).toBe('There is a task `old` already.')
  expect(problems(block([task('a', { depends_on: ['b'] }), task('b', { depends_on: ['a'] })]))).toBe(
    'These wait for each other: `a` → `b`.',
  )
  expect(problems(block([task('a', { depends_on: ['a'] })]))).toContain('`a`')
  expect(problems(block([task('a', { depends_on: ['nowhere'] })]))).toBe('`a` depends on "nowhere", which is no task.')
  const waiting = there('old').map((one) => ({ ...one, dependsOn: ['a'] }))
  expect(problems(block([task('a', { depends_on: ['old'] })]), waiting)).toContain('wait for each other')
})

test('wrong values, keys and paths are refused, all at once', () => {
  const said = problems(
    block([
      { id: '../x', summary: 'X' },
      task('a', { depends_on: 'b', priority: 'high' }),
      task('b', { notes: 'approved by a person' }),
      task('c', { files: ['../../.ssh/config', '/etc/passwd'] }),
      { id: 'd' },
      task('e', { summary: 'one\ntwo' }),
      { summary: 'no id' },
    ]),
  )
  for (const part of [
    'Task 1 has the id "../x"',
    'The depends_on of `a` is "b": it must be a list of texts.',
    'The priority of `a` is "high": it must be a number.',
    '`b` has a key that no task has: "notes".',
    '`c` names "../../.ssh/config"',
    '`c` names "/etc/passwd"',
    '`d` has no summary.',
    'The summary of `e` must be one line.',
    'Task 7 has no id',
  ])
    expect(said).toContain(part)
})
