// Makes the JSON Schema that is shipped as `schema.json`, so that an editor completes and checks `oompa.json`.
// Written by `npm run schema`; a test says so when the committed file is old.

import { z } from 'zod'
import { configSchema } from './schema.js'

type Node = { [key: string]: unknown }

/** The JSON Schema of `oompa.json`. */
function jsonSchema(): Node {
  const made: Node = z.toJSONSchema(configSchema, { io: 'input' })
  tidy(made)
  return { ...made, title: 'oompa.json', description: 'Settings of oompa-loompas. Every key is optional.' }
}

/** The text of `schema.json`. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}

/** Keys that begin with `_` or `//` hold comments; the largest safe integer as a maximum says nothing to a person. */
function tidy(node: unknown): void {
  if (Array.isArray(node)) {
    for (const one of node) tidy(one)
  } else if (isNode(node)) {
    if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
    if (node.additionalProperties === false) node.patternProperties = { '^(_|//)': {} }
    for (const one of Object.values(node)) tidy(one)
  }
}

/** The keys that an object at `path` may have; empty if it is no object with fixed keys. */
export function keysAt(path: readonly (string | number)[]): string[] {
  let nodes: Node[] = [jsonSchema()]
  for (const step of path) nodes = nodes.flatMap(branches).flatMap((node) => below(node, step))
  return nodes.flatMap(branches).flatMap((node) => (isNode(node.properties) ? Object.keys(node.properties) : []))
}

function branches(node: Node): Node[] {
  return Array.isArray(node.anyOf) ? node.anyOf.filter(isNode).flatMap(branches) : [node]
}

function below(node: Node, step: string | number): Node[] {
  const next =
    typeof step === 'number'
      ? node.items
      : isNode(node.properties) && Object.hasOwn(node.properties, step)
        ? node.properties[step]
        : node.additionalProperties
  return isNode(next) ? [next] : []
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
