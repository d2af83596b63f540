// The right verdict for every message of the corpus, whole and in pieces.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readVerdict } from '../../src/review/verdict.js'

const corpus = path.join(import.meta.dirname, 'corpus')
const messages = ['approved', 'refused'].flatMap((verdict) =>
  readdirSync(path.join(corpus, verdict)).map((name) => ({
    name: `${verdict}/${name}`,
    approved: verdict === 'approved',
    text: readFileSync(path.join(corpus, verdict, name), 'utf8'),
  })),
)

test('the corpus has at least sixty messages, of both kinds', () => {
  expect(messages.length).toBeGreaterThanOrEqual(60)
  expect(messages.filter((message) => message.approved).length).toBeGreaterThan(20)
})

test.each(messages)('$name', ({ approved, text }) => {
  expect(readVerdict(text).approved).toBe(approved)
  // As it comes over a stream, byte by byte and joined: the same verdict.
  const bytes = Buffer.from(text)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let joined = ''
  for (const byte of bytes) joined += decoder.decode(Uint8Array.of(byte), { stream: true })
  expect(readVerdict(joined).approved).toBe(approved)
})

test('a huge message is read, and its feedback is what stood before the verdict', () => {
  const reasons = 'This line is fine.\n'.repeat(500_000)
  expect(readVerdict(`${reasons}APPROVED\n`)).toEqual({ approved: true, feedback: reasons.trim() })
  expect(readVerdict(`APPROVED\n${reasons}`).approved).toBe(false)
  expect(readVerdict(`${'x'.repeat(10_000_000)}APPROVED`).approved).toBe(false)
})

test('the feedback of a refusal is everything that was said', () => {
  expect(readVerdict('\nSplit this.\n\nREJECTED\n')).toEqual({ approved: false, feedback: 'Split this.\n\nREJECTED' })
})
