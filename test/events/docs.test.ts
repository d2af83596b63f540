import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { packageRoot } from '../support/oompa.js'

/** Each event's fields, as the contract's types have them: `pid`, `session?`. */
function fieldsInContract(): Map<string, string[]> {
  const file = path.join(packageRoot, 'src/events/contract.ts')
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const events = new Map<string, string[]>()
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== 'EventFacts') return
    for (const event of node.members) {
      if (!ts.isPropertySignature(event) || !event.name || !event.type) continue
      const fields = ts.isTypeLiteralNode(event.type)
        ? event.type.members.map((field) => `${field.name?.getText()}${field.questionToken ? '?' : ''}`)
        : []
      events.set(event.name.getText().replaceAll("'", ''), fields.sort())
    }
  })
  return events
}

/** The same, as the table in the documentation has them. */
function fieldsInDocs(): Map<string, string[]> {
  const text = readFileSync(path.join(packageRoot, 'docs/events.md'), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(
    rows.map((row) => {
      const [, type = '', fields = ''] = row.split('|').map((cell) => cell.trim())
      return [type.replaceAll('`', ''), [...fields.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '').sort()]
    }),
  )
}

test('docs/events.md names every event and every field of the contract, and no others', () => {
  const contract = fieldsInContract()
  expect(contract.size).toBeGreaterThan(30)
  expect(Object.fromEntries(fieldsInDocs())).toEqual(Object.fromEntries(contract))
})
