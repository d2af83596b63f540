import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { level1Input, readPrompts } from '../../src/prompts/index.js'
import { testRepository } from '../support/repository.js'

const repository = () => testRepository({ 'README.md': 'x\n' })
const includeLine = (file: string) => `#oompa_directive:include_file "${file}"\n`

describe('level 1', () => {
  test('the input is the line of the bash script and the bytes of the prompt, whatever they are', () => {
    const { root, write } = repository()
    const bytes = Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x7b])
    write('prompts/worker.md', bytes)
    const prompt = readPrompts(root, ['prompts/worker.md'], { expand: false })
    expect(level1Input('.w1-i1', prompt.bytes)).toEqual(Buffer.concat([Buffer.from('Worktree: .w1-i1\n'), bytes]))
  })

  test('no include, no token and no tag is expanded', () => {
    const { root, write } = repository()
    const text = `{task_status}\n${includeLine('other.md')}`
    write('prompts/worker.md', text)
    expect(readPrompts(root, ['prompts/worker.md'], { expand: false }).bytes.toString()).toBe(text)
  })

  test('several prompts are joined by a blank line', () => {
    const { root, write } = repository()
    write('a.md', 'a')
    write('b.md', 'b\n')
    expect(readPrompts(root, ['a.md', 'b.md'], { expand: false }).bytes.toString()).toBe('a\n\nb\n')
    expect(readPrompts(root, ['b.md', 'a.md'], { expand: false }).bytes.toString()).toBe('b\n\na')
    expect(readPrompts(root, ['a.md', 'b.md'], { expand: true }).text).toBe('a\n\nb')
  })
})

describe('a prompt that cannot be used ends with status 2 before any agent', () => {
  test.each([
    ['missing', undefined, 'no-prompt'],
    ['empty', '', 'empty-prompt'],
    ['only white space', ' \n\t\n', 'empty-prompt'],
  ])('%s', (_what, content, code) => {
    const { root, write } = repository()
    if (content !== undefined) write('prompts/worker.md', content)
    for (const expand of [true, false]) {
      expect(() => readPrompts(root, ['prompts/worker.md'], { expand })).toThrow(
        expect.objectContaining({ status: 2, code }),
      )
    }
  })

  test('a folder', () => {
    const { root } = repository()
    mkdirSync(path.join(root, 'prompts/worker.md'), { recursive: true })
    expect(() => readPrompts(root, ['prompts/worker.md'], { expand: true })).toThrow('it is a folder')
  })

  test('not UTF-8, from level 2 on', () => {
    const { root, write } = repository()
    write('prompts/worker.md', new Uint8Array([0x47, 0xff]))
    expect(() => readPrompts(root, ['prompts/worker.md'], { expand: true })).toThrow(
      expect.objectContaining({ status: 2, code: 'not-utf8' }),
    )
  })
})

test("a configuration of the earlier system finds the package's own planner and executor", () => {
  const { root } = repository()
  expect(readPrompts(root, ['config/prompts/planner.md', 'prompts/executor.md'], { expand: true }).text).toContain(
    'You plan.',
  )
  expect(() => readPrompts(root, ['elsewhere/planner.md'], { expand: true })).toThrow(/no prompt/)
})

describe('includes', () => {
  const read = (root: string, file = 'prompts/worker.md') => readPrompts(root, [file], { expand: true }).text

  test('are relative to the file that has them, and go on within', () => {
    const { root, write } = repository()
    write('prompts/worker.md', `top\n${includeLine('parts/a.md')}end\n`)
    write('prompts/parts/a.md', `a\n  ${includeLine('b.md')}`)
    write('prompts/parts/b.md', 'b {pending_tasks}\n')
    expect(read(root)).toBe('top\na\nb {pending_tasks}\nend')
  })

  test('are looked for below the root next, as the prompts of the earlier system need', () => {
    const { root, write } = repository()
    write('config/prompts/planner.md', includeLine('config/prompts/_rules.md'))
    write('config/prompts/_rules.md', 'rules')
    expect(read(root, 'config/prompts/planner.md')).toBe('rules')
  })

  test('that go round in a circle end', () => {
    const { root, write } = repository()
    write('prompts/worker.md', `1\n${includeLine('a.md')}`)
    write('prompts/a.md', `2\n${includeLine('worker.md')}3\n${includeLine('a.md')}`)
    expect(read(root)?.replace(/\n+/g, '\n')).toBe('1\n2\n3')
  })

  test('that double again and again are refused', () => {
    const { root, write } = repository()
    write('prompts/worker.md', includeLine('p0.md'))
    for (let i = 0; i < 30; i++) write(`prompts/p${i}.md`, includeLine(`p${i + 1}.md`).repeat(2))
    write('prompts/p30.md', 'x')
    expect(() => read(root)).toThrow(/grows past/)
  })

  test('do not leave the repository, not by dots, not by a link', () => {
    const { root, write } = repository()
    writeFileSync(path.join(root, '../secret.md'), 'secret')
    write('prompts/worker.md', includeLine('../../secret.md'))
    expect(() => read(root)).toThrow(/outside of the repository/)
    symlinkSync(path.join(root, '../secret.md'), path.join(root, 'prompts/link.md'))
    write('prompts/worker.md', includeLine('link.md'))
    expect(() => read(root)).toThrow(expect.objectContaining({ status: 2, code: 'bad-include' }))
    write('prompts/worker.md', includeLine('/etc/hostname'))
    expect(() => read(root)).toThrow(/bad-include|outside|no such file/)
  })

  test('of a file that is not there name the file that includes it', () => {
    const { root, write } = repository()
    write('prompts/worker.md', includeLine('nowhere.md'))
    expect(() => read(root)).toThrow(/worker\.md includes "nowhere\.md": there is no such file/)
  })

  test('count only as a line of their own', () => {
    const { root, write } = repository()
    write('prompts/worker.md', 'Write #oompa_directive:include_file "x.md" to include.')
    expect(read(root)).toBe('Write #oompa_directive:include_file "x.md" to include.')
  })
})
