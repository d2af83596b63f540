// The keys of `oompa.json` as the code names them: `max_minutes` is `maxMinutes`, and a time limit says its unit.

type CamelCase<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<CamelCase<Rest>>}` : Name

/** An object whose keys are written as in code. */
export type CamelKeys<T> = { readonly [Key in keyof T as CamelCase<Key>]: T[Key] }

/** @param except keys that are left out, as they are written in the file */
export function camelKeys<T extends object, Key extends keyof T = never>(
  value: T,
  except: readonly Key[] = [],
): CamelKeys<Omit<T, Key>> {
  const names: readonly PropertyKey[] = except
  const entries = Object.entries(value).flatMap(([key, one]) =>
    names.includes(key) ? [] : [[key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()), one]],
  )
  return Object.fromEntries(entries)
}

/** Each key with a suffix: `idle` in milliseconds is `idleMs`. */
export function withSuffix<T extends object, Suffix extends string>(
  value: T,
  suffix: Suffix,
): { readonly [Key in keyof T as `${string & Key}${Suffix}`]: T[Key] } {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key + suffix, one])) as never
}
