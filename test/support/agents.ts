// Scripted agents: small programs put on the PATH under a real CLI's name, which note how they were called.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestRepository } from './repository.js'

/** One call of a scripted agent, as it saw itself. */
export interface Call {
  argv: string[]
  cwd: string
  input: string
  env: Record<string, string>
}

/** The environment without the folders of its PATH that hold `program`: where the real one is installed, too. */
export function without(program: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = (env.PATH ?? '').split(path.delimiter)
  return { ...env, PATH: folders.filter((folder) => !existsSync(path.join(folder, program))).join(path.delimiter) }
}

export interface ScriptedAgent {
  /** The environment with the agent first on the PATH. */
  readonly env: NodeJS.ProcessEnv
  /** Every call that did work (probes have no `OOMPA_WORKER`), in the order in which they began. */
  calls(): Call[]
  probes(): Call[]
}

/**
 * Puts an agent called `name` on the PATH of `repository`.
 * @param body bash, run with standard input in `$INPUT` (a file), for calls that do work
 */
export function scriptedAgent(repository: TestRepository, body: string, name = 'claude'): ScriptedAgent {
  const bin = path.join(repository.home, 'bin')
  const calls = path.join(repository.home, `calls-${name}`)
  mkdirSync(bin, { recursive: true })
  mkdirSync(calls, { recursive: true })
  const file = path.join(bin, name)
  writeFileSync(
    file,
    `#!/usr/bin/env bash
call=$(mktemp -d ${calls}/$(date +%s%N)-XXXXXX)
printf '%s\\0' "$@" > "$call/argv"
pwd > "$call/cwd"
env -0 > "$call/env"
export INPUT="$call/input"
[ -n "\${OOMPA_WORKER:-}" ] || echo probe > "$call/probe"
: > "$call/whole"
if [ -z "\${OOMPA_WORKER:-}" ]; then case "$1" in --version) echo 2.1.197;; *) cat > "$INPUT"; echo '{"loggedIn": true}';; esac; exit 0; fi
cat > "$INPUT"
${body}
# Silence is no end of a turn where JSON was asked for.
case " $* " in *" stream-json "*) echo done;; esac
`,
  )
  chmodSync(file, 0o755)
  const read = (probe: boolean) =>
    readdirSync(calls)
      .sort()
      .filter((one) => {
        const files = readdirSync(path.join(calls, one))
        // Until all of it is written down nobody knows which it is.
        return files.includes('whole') && files.includes('probe') === probe
      })
      .map((one) => readCall(path.join(calls, one)))
  return {
    env: { ...repository.env, PATH: `${bin}:${repository.env.PATH}` },
    calls: () => read(false),
    probes: () => read(true),
  }
}

function readCall(folder: string): Call {
  const text = (name: string) =>
    readdirSync(folder).includes(name) ? readFileSync(path.join(folder, name), 'utf8') : ''
  const parts = (name: string) => text(name).split('\0').slice(0, -1)
  return {
    argv: parts('argv'),
    cwd: text('cwd').trim(),
    input: text('input'),
    env: Object.fromEntries(
      parts('env').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    ),
  }
}
