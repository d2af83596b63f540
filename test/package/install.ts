// Packs the package and installs the file as a person would; nothing of this checkout is used but its registry settings.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageRoot } from '../support/oompa.js'
import { cleanEnvironment } from '../support/repository.js'

export interface Packed {
  /** The packed file. */
  readonly tarball: string
  /** Below it everything is removed by `remove`. */
  readonly folder: string
  /** For `npm`: the person's registry and npm's cache, and nothing else of theirs. */
  readonly env: NodeJS.ProcessEnv
  remove(): void
}

/** `npm pack`, of what the global setup has built. */
export function pack(): Packed {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'oompa-packed-')))
  const home = path.join(folder, 'home')
  mkdirSync(home)
  const env = cleanEnvironment(home, registry())
  const printed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: packageRoot,
    env,
    encoding: 'utf8',
  })
  return {
    tarball: path.join(folder, printed.trim().split('\n').at(-1)!),
    folder,
    env,
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** Where npm looks for packages: its cache and configuration files, wherever this machine has them. */
export function registry(): NodeJS.ProcessEnv {
  const names = ['cache', 'userconfig', 'globalconfig']
  const printed = execFileSync('npm', ['config', 'get', ...names], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return {
    ...Object.fromEntries(
      printed.split('\n').flatMap((line) => {
        const [name, value] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
        return names.includes(name) ? [[`npm_config_${name}`, value]] : []
      }),
    ),
    npm_config_prefer_offline: 'true',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
  }
}
