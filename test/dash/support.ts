// The page's server as a person starts it, beside a repository with swarms.

import { onTestFinished } from 'vitest'
import { oompaBin, start } from '../support/oompa.js'
import type { TestRepository } from '../support/repository.js'

export interface Served {
  readonly link: string
  readonly origin: string
  readonly token: string
  readonly port: number
  /** Sends Ctrl-C, and gives the exit status. */
  stop(): Promise<number | null>
  /** Asks with the token, as a program does. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** The JSON of an answer, whatever its status. */
  json(path: string): Promise<ReturnType<typeof JSON.parse>>
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
}

/** `oompa dash --json`, ended with the test. */
export async function serve({ root, env }: TestRepository, ...args: string[]): Promise<Served> {
  const words = args.includes('--port') ? args : ['--port', '0', ...args]
  const { child, ended, prints } = start(process.execPath, [oompaBin, 'dash', '--json', ...words], { cwd: root, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout?.on('data', (part: string) => {
    text += part
  })
  await prints(/\}\n/)
  const { link, port }: { link: string; port: number } = JSON.parse(text)
  const { origin, hash } = new URL(link)
  const token = hash.slice(1)
  const authorization = `Bearer ${token}`
  return {
    link,
    origin,
    token,
    port,
    stop: async () => {
      child.kill('SIGINT')
      return (await ended).status
    },
    get: (path, headers = {}) => fetch(`${origin}${path}`, { headers: { authorization, ...headers } }),
    json: async (path) => JSON.parse(await (await fetch(`${origin}${path}`, { headers: { authorization } })).text()),
    post: (path, body, headers = {}) =>
      fetch(`${origin}${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
  }
}
