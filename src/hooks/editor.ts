// Makes hooks complete in an editor, also where there is no node_modules: types below `.oompa/`, a tsconfig that points there.

import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createFile } from '../files/create.js'
import { packageFolder } from '../files/package.js'
import { stateFolder } from '../files/paths.js'
import { removeOurs } from '../git/remove.js'

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    // As hooks are loaded: modules, whatever the package.json around them says.
    module: 'preserve',
    moduleResolution: 'bundler',
    // AbortSignal, URL and fetch: Node has them, and this needs no package.
    lib: ['es2023', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowJs: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    paths: {
      'oompa-loompas': ['../.oompa/types/index.d.ts'],
      zx: ['../.oompa/types/zx/index.d.ts'],
      'zx/core': ['../.oompa/types/zx/core.d.ts'],
    },
  },
  include: ['./**/*.ts', './**/*.mts', './**/*.js', './**/*.mjs'],
}

/**
 * Writes our types to `.oompa/types` (anew each time: they belong to the version that runs), and `hooks/tsconfig.json`
 * where there is none. Gives what was written, below the root.
 */
export function writeEditorFiles(root: string): string[] {
  const from = path.join(packageFolder, 'dist')
  const to = path.join(stateFolder(root), 'types')
  const written: string[] = []
  if (existsSync(path.join(from, 'index.d.ts'))) {
    removeOurs(to)
    copyTypes(from, to)
    // Hooks may import zx: src/hooks/modules.ts.
    copyTypes(path.dirname(createRequire(import.meta.url).resolve('zx')), path.join(to, 'zx'))
    // The types are of ES modules, whatever the repository around them is.
    writeFileSync(path.join(to, 'package.json'), '{ "type": "module" }\n')
    written.push('.oompa/types')
  }
  const config = path.join(root, 'hooks', 'tsconfig.json')
  if (!existsSync(config)) {
    mkdirSync(path.dirname(config), { recursive: true })
    createFile(config, `${JSON.stringify(TSCONFIG, null, 2)}\n`)
    written.push('hooks/tsconfig.json')
  }
  return written
}

function copyTypes(from: string, to: string): void {
  const isType = (file: string) => !/\.[cm]?[jt]s$|\.tsbuildinfo$|\.map$/.test(file) || file.endsWith('.d.ts')
  cpSync(from, to, { recursive: true, filter: isType })
}
