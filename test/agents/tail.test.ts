// The end of a text that has no end.

import { describe, expect, it } from 'vitest'
import { keepTail } from '../../src/agents/text.js'

describe('the end of a text', () => {
  it.each([1, 3, 10, 1000, 5000])('is right with pieces of %i characters', (size) => {
    const text = Array.from({ length: 3000 }, (_, i) => `${i} ä😀\n`).join('')
    const characters = [...text]
    const tail = keepTail(10_000)
    for (let at = 0; at < characters.length; at += size) tail.add(characters.slice(at, at + size).join(''))
    const kept = tail.text()
    expect(text.endsWith(kept)).toBe(true)
    expect(Buffer.byteLength(kept)).toBeGreaterThan(9995)
    expect(kept).not.toContain('\ufffd')
  })

  it('is all of a short text', () => {
    const tail = keepTail(10_000)
    expect(tail.text()).toBe('')
    tail.add('')
    tail.add('short ')
    tail.add('text ä')
    expect(tail.text()).toBe('short text ä')
  })

  it('is exact at its limit', () => {
    const tail = keepTail(5000)
    tail.add('a'.repeat(5000))
    expect(tail.text()).toBe('a'.repeat(5000))
    tail.add('b')
    expect(tail.text()).toBe(`${'a'.repeat(4999)}b`)
  })
})
