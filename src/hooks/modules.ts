// Loads hooks that are modules: TypeScript or JavaScript, by jiti, in a repository that may have no node_modules.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createJiti, type TransformOptions, type TransformResult } from 'jiti'
import { createFile } from '../files/create.js'
import { sharedCache } from '../files/paths.js'

/** Gives the default export of a module, or undefined if it has none. */
export type LoadModule = (file: string) => Promise<unknown>

/**
 * A loader for one repository. Modules that hooks import are loaded once and shared, `oompa-loompas` is the package
 * that is running (the same instance, wherever it is installed), and so is `zx`, which starts things as ours does.
 * @param root the main checkout
 */
export async function moduleLoader(root: string): Promise<LoadModule> {
  const jiti = createJiti(path.join(root, 'hooks', 'loader.mjs'), {
    // jiti's own cache is by path, and the copies of each swarm have another one: ours is by content.
    fsCache: false,
    tryNative: false,
    transform: cachedTransform(path.join(sharedCache(), 'hooks')),
    virtualModules: {
      'oompa-loompas': await import('../index.js'),
      // Loaded for the hook that imports it: the whole of zx is 20,000 lines.
      get zx(): unknown {
        return require('zx')
      },
      get 'zx/core'(): unknown {
        return require('zx/core')
      },
    },
  })
  return async (file) => {
    const module: unknown = await jiti.import(file)
    // Where there is no default export, jiti's wrapper answers `.default` with the whole module: ask whether it is there.
    if (typeof module === 'object' && module !== null) return 'default' in module ? module.default : undefined
    return module
  }
}

const require = createRequire(import.meta.url)

/** Part of the key: another version of jiti may write other code. */
const FORM = 'jiti-2.7-1'

/** jiti's transform, with its results kept in `folder`: 1.5 MB of compiler are loaded only for what is new. */
function cachedTransform(folder: string): (options: TransformOptions) => TransformResult {
  let compiler: ReturnType<typeof createJiti> | undefined
  return (options) => {
    const key = createHash('sha256').update(JSON.stringify([FORM, options.ts, options.async, options.source]))
    const file = path.join(folder, `${key.digest('hex')}.js`)
    // `import.meta` is compiled to the path of the file, which is another one for each swarm.
    const keep = !options.source.includes('import.meta')
    if (keep) {
      try {
        return { code: readFileSync(file, 'utf8') }
      } catch {
        // Not there yet, or not readable: compiled below.
      }
    }
    compiler ??= createJiti(import.meta.url, { fsCache: false })
    const code = compiler.transform(options)
    if (keep && !code.includes('__JITI_ERROR__')) write(folder, file, code)
    return { code }
  }
}

/** Whole or not at all, and never in the way: a cache that cannot be written is no cache. */
function write(folder: string, file: string, code: string): void {
  const temporary = `${file}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true })
    createFile(temporary, code)
    renameSync(temporary, file)
  } catch {
    rmSync(temporary, { force: true })
  }
}
