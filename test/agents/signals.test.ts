// A signal is a line of its own that the agent says, and not one that it quotes.

import { describe, expect, it } from 'vitest'
import { formatSignal, readSignals } from '../../src/agents/signals.js'

const kinds = (text: string) => readSignals(text).map((signal) => signal.kind)

describe('signals', () => {
  it('finds each of them as a whole line, anywhere in the message', () => {
    expect(kinds('Well.\n\n__DONE__')).toEqual(['done'])
    expect(kinds('__DONE__\nthat was all')).toEqual(['done'])
    expect(kinds('COMPLETE_AND_READY_FOR_MERGE')).toEqual(['ready'])
    expect(kinds('a\nNEEDS_FOLLOWUP\nb')).toEqual(['followup'])
    expect(kinds('CLAIM(a)\n__DONE__')).toEqual(['claim', 'done'])
  })

  it('reads with any line end and white space around', () => {
    expect(kinds('x\r\n__DONE__\r\n')).toEqual(['done'])
    expect(kinds('x\r__DONE__\ry')).toEqual(['done'])
    expect(kinds('  __DONE__  ')).toEqual(['done'])
  })

  it('reads the ids of a claim', () => {
    expect(readSignals('CLAIM(a, b-2 ,"c",, a)')).toEqual([{ kind: 'claim', ids: ['a', 'b-2', 'c'] }])
    expect(readSignals('CLAIM()')).toEqual([])
    expect(readSignals('CLAIM(...')).toEqual([])
  })

  it.each([
    ['in a sentence', 'I will say __DONE__ when I am done'],
    ['with more on the line', '__DONE__ and more'],
    ['in a list that says which there are', '- __DONE__\n- NEEDS_FOLLOWUP\n- CLAIM(a)'],
    ['another case', '__done__'],
    ['in a quotation', '> __DONE__'],
    ['in an indented quotation', '  > __DONE__'],
    ['in inline code', '`__DONE__`'],
    ['in inline code over several lines', 'a ``b\n__DONE__\nc`` d'],
    ['in a fence', '```\n__DONE__\n```'],
    ['in a fence with a language', '```text\n__DONE__\n```'],
    ['in a fence of tildes', '~~~\n__DONE__\n~~~'],
    ['in a fence that holds another', '````\n```\n__DONE__\n```\n````'],
    ['in a fence that holds the other kind', '~~~\n```\n~~~x\n__DONE__\n~~~'],
    ['in a fence that is not closed', 'so:\n```\n__DONE__'],
    ['in an indented fence', '- like this\n  ```\n  __DONE__\n  ```'],
    ['in indented code', 'so:\n\n    __DONE__'],
    ['a name of every object', 'constructor\ntoString'],
  ])('is none %s', (_, text) => {
    expect(readSignals(text)).toEqual([])
  })

  it.each([
    ['in bold', '**__DONE__**'],
    ['with a full stop', '__DONE__.'],
    ['in bold with a full stop in it', '**__DONE__.**'],
    ['in bold with a full stop behind it', '**__DONE__**.'],
    ['as an item of a list', '- __DONE__'],
    ['as a numbered item', 'What is left:\n1. nothing\n2. __DONE__'],
    ['as an item in bold', '* **__DONE__**'],
    ['as a heading', '## __DONE__'],
    ['with escaped underscores', '\\_\\_DONE\\_\\_'],
    ['with a stop that is not ASCII', '__DONE__。'],
  ])('is one %s', (_, text) => {
    expect(kinds(text)).toEqual(['done'])
  })

  it('reads the others with Markdown around them, too', () => {
    expect(kinds('**COMPLETE_AND_READY_FOR_MERGE**')).toEqual(['ready'])
    expect(kinds('- NEEDS_FOLLOWUP.')).toEqual(['followup'])
    expect(readSignals('**CLAIM(a, b).**')).toEqual([{ kind: 'claim', ids: ['a', 'b'] }])
  })

  describe('that is an echo of the prompt', () => {
    const prompt =
      'Goal: match spec.md\n\nWhen nothing is left, say\n__DONE__\n\nWhen you need another turn:\n- NEEDS_FOLLOWUP\n'
    it('is none, the whole prompt or a part of it', () => {
      expect(readSignals(prompt, prompt)).toEqual([])
      expect(readSignals(`> 12:00 starting\n${prompt}\nI worked.`, prompt)).toEqual([])
      expect(readSignals('When nothing is left, say\n__DONE__\nand so on', prompt)).toEqual([])
      expect(readSignals(prompt.replaceAll('\n', '\r\n'), prompt)).toEqual([])
    })
    it('hides no signal that the agent itself gives', () => {
      expect(readSignals(`${prompt}\nI did the rest.\n__DONE__\n`, prompt)).toEqual([{ kind: 'done' }])
      expect(readSignals('Nothing is left.\n\n__DONE__', prompt)).toEqual([{ kind: 'done' }])
      expect(readSignals('__DONE__', prompt)).toEqual([{ kind: 'done' }])
    })
  })

  it('is one after a fence, a quotation or a stray backtick', () => {
    expect(kinds('```\nx\n```\n__DONE__')).toEqual(['done'])
    expect(kinds('````\n```\n````\n__DONE__')).toEqual(['done'])
    expect(kinds('> quoted\n__DONE__')).toEqual(['done'])
    expect(kinds("it's a `stray\n__DONE__")).toEqual(['done'])
    expect(kinds('use ```x``` here\n__DONE__')).toEqual(['done'])
  })

  it('reads a long message of nothing but backticks in no time', () => {
    const began = performance.now()
    expect(kinds(`${'` `` ``` a\n'.repeat(20_000)}\n__DONE__`)).toEqual(['done'])
    expect(performance.now() - began).toBeLessThan(2000)
  })

  it('can be written again', () => {
    const text = '__DONE__\nCOMPLETE_AND_READY_FOR_MERGE\nNEEDS_FOLLOWUP\nCLAIM(a, b)'
    expect(readSignals(text).map(formatSignal).join('\n')).toBe(text)
  })
})
