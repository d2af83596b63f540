// Texts that agents and files supply are read in a time that grows with their length: none of them can stop the loop.

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { lineSplitter } from '../../src/events/tail.js'
import { SyntaxFault } from '../../src/files/form.js'
import { readJson } from '../../src/files/json.js'
import { lineCounter } from '../../src/files/lines.js'
import { fenced } from '../../src/review/material.js'
import { readVerdict } from '../../src/review/verdict.js'
import { pathsNamed } from '../../src/swarm/unseen.js'
import { decodeTask } from '../../src/tasks/decode.js'
import { drawGraph } from '../../src/tasks/draw.js'
import { setFields } from '../../src/tasks/edit-task.js'
import { readEdn } from '../../src/tasks/edn.js'
import { setNodes } from '../../src/tasks/graph/edit.js'
import { readGraph } from '../../src/tasks/graph/read.js'
import { arrange } from '../../src/tasks/listing.js'
import { readItems, withItem, withoutItems, writeItem } from '../../src/tasks/lists/markdown.js'
import { cycles, isWanted } from '../../src/tasks/order.js'
import { readProposal } from '../../src/tasks/proposal.js'
import { findRoot } from '../../src/tasks/root.js'
import { fitted } from '../../src/views/doing.js'
import { escapeLines, escapeText } from '../../src/views/escape.js'
import type { Task } from '../../src/words.js'
import { expectLinear, growth } from '../support/linear.js'
import { temporaryFolder } from '../support/repository.js'

const many = (size: number, one: (index: number) => string) => Array.from({ length: size }, (_, i) => one(i)).join('')
const task = (id: string, dependsOn: readonly string[] = []): Task => ({
  id,
  summary: id,
  acceptance: [],
  files: [],
  dependsOn,
  extra: {},
})
const tasks = (size: number, before: (index: number) => readonly string[]) =>
  Array.from({ length: size }, (_, i) => task(`t${i}`, before(i)))

const edn: Readonly<Record<string, (size: number) => string>> = {
  'a string of escapes': (size) => `"${'\\n'.repeat(size)}"`,
  'a string of characters by number': (size) => `"${'\\u0041'.repeat(size)}"`,
  'many strings': (size) => `[${'"a" '.repeat(size)}]`,
  'many strings, never closed': (size) => `[${'"a" '.repeat(size)}`,
  'a map of many keys': (size) => `{${many(size, (i) => `:a${i} 1 `)}}`,
  'a set of many': (size) => `#{${many(size, (i) => `a${i} `)}}`,
  'sets in sets': (size) => `${'#{'.repeat(190)}${'a'.repeat(size)}${'}'.repeat(190)}`,
  'one word': (size) => `${'a.'.repeat(size)}@`,
  'one number': (size) => `${'1'.repeat(size)}x`,
  comments: (size) => `${';\n'.repeat(size)}1`,
  'what is left out': (size) => `${'#_a '.repeat(size)}1`,
}

const json: Readonly<Record<string, (size: number) => string>> = {
  'a string of escapes': (size) => `"${'\\n'.repeat(size)}"`,
  'a string that is never closed': (size) => `"${'a\\n'.repeat(size)}`,
  'a list of many': (size) => `[${'1,'.repeat(size)}1]`,
  'an object of many keys': (size) => `{${many(size, (i) => `"a${i}":1,\n`)}"z":1}`,
  'the same key again and again': (size) => `{${'"a":1,\n'.repeat(size)}"a":1}`,
  'mistakes without an end': (size) => `[${':tru '.repeat(size)}`,
  'lists that never close': (size) => `[${'[1, '.repeat(190)}${'1 '.repeat(size)}`,
  'blank lines': (size) => '\n'.repeat(size),
}

const prompts: Readonly<Record<string, (size: number) => string>> = {
  'one word': (size) => 'x'.repeat(size),
  'words with full stops': (size) => 'x.'.repeat(size),
  'folders in folders': (size) => 'a/'.repeat(size),
  'many paths': (size) => 'src/a.ts '.repeat(size),
}

const planned = (summary: string) => JSON.stringify([{ id: 'a', summary }])
const plans: Readonly<Record<string, (size: number) => string>> = {
  'a summary of two lines': (size) => planned(`${'x'.repeat(size)}\n`),
  'a summary of blanks': (size) => planned(' '.repeat(size)),
  'fences that never close': (size) => '```json\n'.repeat(size),
  'backquotes alone': (size) => '`'.repeat(size),
}

const doings: Readonly<Record<string, (size: number) => string>> = {
  'a path of slashes, and a word': (size) => `Edit: ${'/'.repeat(size)} x`,
  'colons and blanks': (size) => `${': '.repeat(size)}x`,
  'one word with a slash': (size) => `${'x'.repeat(size)}/ x`,
}

const lists: Readonly<Record<string, (size: number) => string>> = {
  'many items': (size) => '- [ ] a\n'.repeat(size),
  'blank lines behind each item': (size) => '- [ ] a\n\n\n'.repeat(size),
  'blank lines behind one': (size) => `- [ ] a\n${'\n'.repeat(size)}`,
  'blanks before a carriage return': (size) => `- ${' '.repeat(size)}\rx`,
  'blanks in a title': (size) => `- a${' '.repeat(size)}b`,
  'brackets that never close': (size) => `- a ${'(after a '.repeat(size)}`,
  'blanks in such a bracket': (size) => `- a (after${' '.repeat(size)}(`,
  'ids that never close': (size) => `- a ${'{#a'.repeat(size)}`,
  'priorities that never close': (size) => `- a ${'(P1'.repeat(size)}`,
  'blanks of a fact': (size) => `- a\n  - key:${' '.repeat(size)}\rx`,
  'blanks of a sub-item': (size) => `- a\n  - ${' '.repeat(size)}\rx`,
  'many lines of notes': (size) => `- a\n  - notes: x\n${'    b\n'.repeat(size)}`,
  'many lines of acceptance': (size) => `- a\n${'  - b\n'.repeat(size)}`,
  'a long rule': (size) => `${'- '.repeat(size)}x`,
  fences: (size) => '```\n'.repeat(size),
  'one long fence': (size) => `${'`'.repeat(size)}\rx\n`,
  'empty items': (size) => '- \n'.repeat(size),
}

const verdicts: Readonly<Record<string, (size: number) => string>> = {
  'blank lines at the end': (size) => `APPROVED${'\n'.repeat(size)}`,
  'blanks within the last line': (size) => `a${' '.repeat(size)}b`,
  fences: (size) => `${'```\n'.repeat(size)}APPROVED`,
  'a long fence before a carriage return': (size) => `${'`'.repeat(size)}\rx\nAPPROVED`,
  'a long fence before a line separator': (size) => `${'`'.repeat(size)}\u2028x\nAPPROVED`,
  'blanks after a fence': (size) => `\`\`\`${' '.repeat(size)}x\nAPPROVED`,
}

const graphs: Readonly<Record<string, (size: number) => string>> = {
  'many nodes, of which each has a mistake': (size) =>
    `nodes:\n${many(size, (i) => `  - id: t${i}\n    status: odd\n`)}`,
  'many edges into one node': (size) => `nodes: []\nedges:\n${many(size, (i) => `  - from: t${i}\n    to: a\n`)}`,
  'many keys of one node': (size) => `nodes:\n  - id: a\n${many(size, (i) => `    k${i}: 1\n`)}`,
  'a mistake on each line': (size) => 'a: b: c\n'.repeat(size),
}

const screens: Readonly<Record<string, (size: number) => string>> = {
  'blanks before a line end': (size) => `\x07${' '.repeat(size)}x\ny`,
  'line ends': (size) => `${'\n'.repeat(size)}x`,
  'carriage returns': (size) => `${'\r'.repeat(size)}x`,
  'sequences that never end': (size) => '\x1b]'.repeat(size),
  'a sequence of blanks': (size) => `\x1b${' '.repeat(size)}\x01`,
}

const cases: readonly (readonly [
  what: string,
  texts: Readonly<Record<string, (size: number) => string>>,
  read: (text: string) => unknown,
])[] = [
  ['EDN', edn, readEdn],
  ['JSON', json, readJson],
  ['lists', lists, readItems],
  ['verdicts', verdicts, readVerdict],
  ['paths that a prompt names', prompts, pathsNamed],
  ['plans', plans, (text) => readProposal(text, [])],
  ['what an agent does', doings, (text) => fitted(text, 40)],
  ['task graphs', graphs, (text) => readGraph(text, 'graph.yaml')],
  ['lines for a terminal', screens, (text) => [escapeText(text), escapeLines(text)]],
]

for (const [what, texts, read] of cases) {
  describe(what, () => {
    test.each(Object.entries(texts))('%s', async (_name, text) => {
      await expectLinear((size) => {
        const made = text(size)
        return () => read(made)
      })
    })
  })
}

test('nothing that is nested deep ends a reader in another way than with a reason', async () => {
  const deep = '['.repeat(200_000)
  expect(() => readEdn(deep)).toThrow(/nested/)
  expect(() => readJson(deep)).toThrow(/nested/)
  // Behind something wrong, after which a parser may go on: its limit is reached in no other way.
  for (const before of ['[}', '["a\n', '/* " */', '[// "\n', '{"a"]', '[1 2', '"\\\n', '[tru"']) {
    for (const text of [before + deep, `${before}[`.repeat(20_000)]) expect(() => readJson(text)).toThrow(SyntaxFault)
  }
  expect((await readGraph(`nodes: ${deep}`, 'graph.yaml')).problems).toMatchObject([
    { reason: 'it is nested too deep' },
  ])
})

describe('tasks', () => {
  const forms: Readonly<Record<string, (size: number) => () => unknown>> = {
    'one long cycle': (size) => {
      const all = tasks(size, (i) => [`t${(i + 1) % size}`])
      return () => cycles(all)
    },
    'one long chain': (size) => {
      const all = tasks(size, (i) => [`t${i + 1}`])
      return () => cycles(all)
    },
    'all after one, drawn': (size) => {
      const pending = [...tasks(size, () => ['c']), task('c')].map((one) => ({ ...one, ready: true, waitsFor: [] }))
      return () => drawGraph({ pending, current: [], complete: [], problems: [] }, 'text')
    },
    'a listing of many': (size) => {
      const pending = tasks(size, (i) => [`t${i + 1}`]).map((one) => ({ task: one, place: one.id, path: one.id }))
      return () => arrange({ pending, current: [], complete: [], problems: [] })
    },
    'a path of slashes': (size) => {
      const one = { ...task('a'), files: [`${'/'.repeat(size)}x`] }
      return () => isWanted(one, { files: ['y'] })
    },
    'a priority of blanks': (size) => {
      const priority = `${' '.repeat(size)}x`
      return () => decodeTask({ id: 'a', priority })
    },
    'a title of blanks, written': (size) => {
      const one = { ...task('a'), summary: `${' '.repeat(size)}(after` }
      return () => writeItem(one, false)
    },
  }
  test.each(Object.entries(forms))('%s', async (_name, make) => {
    await expectLinear(make)
  })
})

describe('edits', () => {
  const forms: Readonly<Record<string, (size: number) => () => unknown>> = {
    'a field of a map whose keys stand on one line': (size) => {
      const text = `{\n${many(size, (i) => `:a${i} 1 `)}}`
      return () => setFields(text, 'edn', { notes: 'x' })
    },
    'an item more': (size) => {
      const text = '- a\n'.repeat(size)
      return () => withItem(text, '- b\n')
    },
    'all items less': (size) => {
      const text = '- a\n'.repeat(size)
      return () => withoutItems(text, readItems(text).items)
    },
    'lines of many places': (size) => {
      const text = 'a\n'.repeat(size)
      return () => {
        const lineOf = lineCounter(text)
        for (let at = 0; at < text.length; at += 2) lineOf(at)
      }
    },
    'a fence around fences': (size) => {
      const text = '`a'.repeat(size)
      return () => fenced(text)
    },
  }
  test.each(Object.entries(forms))('%s', async (_name, make) => {
    await expectLinear(make)
  })

  test('every node of a graph at once', async () => {
    await expectLinear((size) => {
      const text = `nodes:\n${many(size, (i) => `  - id: t${i}\n    status: pending\n`)}`
      const graph = readGraph(text, 'graph.yaml')
      return async () => {
        const { nodes } = await graph
        return setNodes(await graph, new Map(nodes.map((node) => [node.task.id, { status: 'complete' }])))
      }
    })
  })
})

test('a line of any length comes out of pieces of any size', async () => {
  await expectLinear((size) => {
    const piece = Buffer.alloc(1024, 'a')
    return () => {
      const splitter = lineSplitter()
      for (let at = 0; at < size; at++) splitter.take(piece)
      return splitter.take(Buffer.from('\n'))
    }
  })
  const splitter = lineSplitter()
  const taken = ['a', 'b\nc', '', '\n', 'd\ne\nf'].flatMap((piece) => splitter.take(Buffer.from(piece)))
  expect([...taken, splitter.rest()]).toEqual(['ab', 'c', 'd', 'e', 'f'])
})

test('a .git file of blanks is no repository, and says so at once', async () => {
  const folder = temporaryFolder()
  await expectLinear((size) => {
    writeFileSync(path.join(folder, '.git'), `gitdir: a${' '.repeat(size)}x`)
    return () => findRoot(folder)
  })
})

test('a reader that is not linear is found: the tests above do not pass for nothing', async () => {
  const times = await growth((size) => {
    const text = ' '.repeat(size)
    return () => /\s+$/.test(`${text}x`)
  })
  expect(times).toBeGreaterThan(30)
})
