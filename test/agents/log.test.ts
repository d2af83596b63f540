// What an agent prints is written down, its end above all, and never more than was set.

import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAgentLog } from '../../src/agents/agent-log.js'
import { olderOutput } from '../../src/files/paths.js'
import { testRepository } from '../support/repository.js'

const place = () => path.join(testRepository().root, '.oompa/runs/0a0b0c0d/w1-1.log')
const text = (file: string) => readFileSync(file, 'utf8')

describe('the log of an agent', () => {
  it('is bounded, and has the end of what was printed', () => {
    const file = place()
    const log = openAgentLog(file, { mostBytes: 2000 })
    for (let line = 0; line < 10_000; line++) log.write(Buffer.from(`line ${line}\n`))
    log.close()
    const both = text(olderOutput(file)) + text(file)
    expect(Buffer.byteLength(both)).toBeLessThanOrEqual(2000)
    expect(Buffer.byteLength(both)).toBeGreaterThan(900)
    expect(both.endsWith('line 9998\nline 9999\n')).toBe(true)
    expect(both).toMatch(/^line \d+\nline/)
  })

  it('is one file while it is short', () => {
    const file = place()
    const log = openAgentLog(file, { mostBytes: 2000 })
    log.write(Buffer.from('short\n'))
    log.close()
    expect(text(file)).toBe('short\n')
    expect(existsSync(olderOutput(file))).toBe(false)
  })

  it('loses nothing where several write to it, and one of them puts it aside', () => {
    const file = place()
    const [one, other] = [openAgentLog(file, { mostBytes: 8000 }), openAgentLog(file, { mostBytes: 8000 })]
    for (let line = 0; line < 400; line++) {
      one.write(Buffer.from(`one ${line}\n`))
      other.write(Buffer.from(`other ${line}\n`))
    }
    one.close()
    other.close()
    const both = text(olderOutput(file)) + text(file)
    expect(both.match(/one \d+/g)).toHaveLength(400)
    expect(both.match(/other \d+/g)).toHaveLength(400)
  })

  it('does not follow a link that stands in its place', () => {
    const file = place()
    const theirs = path.join(path.dirname(file), 'theirs')
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(theirs, 'theirs')
    symlinkSync(theirs, file)
    expect(() => openAgentLog(file)).toThrow()
    expect(text(theirs)).toBe('theirs')
  })

  it('goes on where it cannot be put aside', () => {
    const file = place()
    const log = openAgentLog(file, { mostBytes: 100 })
    mkdirSync(olderOutput(file))
    writeFileSync(path.join(olderOutput(file), 'x'), '')
    for (let line = 0; line < 100; line++) log.write(Buffer.from(`line ${line}\n`))
    log.close()
    expect(statSync(file).size).toBeGreaterThan(700)
  })
})
