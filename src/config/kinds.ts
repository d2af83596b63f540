// Makes the kinds of values that a setting may have, each with the words that say what was expected.

import { z } from 'zod'
import { durationMs } from './duration.js'
import { storePath } from './store-paths.js'

/** A setting with its default, as the file would write it; its description says it, too. */
export const or = <T extends z.ZodType>(value: z.input<T>, schema: T, words: string, more = '') =>
  z.prefault(schema, value).describe(`${words} Default ${JSON.stringify(value)}${more}.`)

export const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected })
export const flag = () => z.boolean({ error: 'true or false' })
export const whole = (least: number) => {
  const expected = `a whole number of at least ${least}`
  return z.number({ error: expected }).int({ error: expected }).min(least, { error: expected })
}
export const amount = () => {
  const expected = 'a number of at least 0'
  return z.number({ error: expected }).min(0, { error: expected })
}
export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, { error: words.map((word) => `"${word}"`).join(' or ') })

const durationWords = 'seconds, or a text such as "90s", "15m" or "2h"'
/** Milliseconds, once it is read. */
export const duration = () =>
  z
    .union(
      [
        z.number({ error: durationWords }).min(0, { error: durationWords }),
        z.string({ error: durationWords }).regex(/^\d+(\.\d+)?(ms|s|m|h)$/, { error: durationWords }),
      ],
      { error: durationWords },
    )
    .transform(durationMs)

const agentWords = 'an agent, "harness:model[:reasoning]" such as "claude:opus"'
export const agent = () => z.string({ error: agentWords }).regex(/^[A-Za-z0-9][\w.-]*(:.+)?$/, { error: agentWords })

const promptWords = 'the path of a prompt, or a list of paths'
export const prompt = () =>
  z.union(
    [
      text(promptWords),
      z.array(text('the path of a prompt'), { error: promptWords }).min(1, { error: 'at least one path' }),
    ],
    { error: promptWords },
  )

export const storesWords = 'a list of paths, of folders or graphs, each once'
export const storeList = () =>
  z
    .array(text('the path of a folder or a graph'), { error: storesWords })
    .min(1, { error: storesWords })
    .transform((all) => all.map(storePath))
    .refine((all) => new Set(all).size === all.length, { error: storesWords })

export const objectWords = (what: string) => ({
  error: (issue: { code?: string }) => (issue.code === 'invalid_type' ? what : undefined),
})
