// One turn of an agent, run with programs that behave like agents do, and worse.

import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { agents } from '../../src/agents/index.js'
import { type AgentRequest, runAgent } from '../../src/agents/run-agent.js'
import { parseAgentSpec } from '../../src/agents/spec.js'
import { type TestRepository, testRepository } from '../support/repository.js'

/** Runs a program in the place of `claude` (or of the named CLI), or as `command:`. */
function runProgram(
  repository: TestRepository,
  script: string,
  options: { spec?: string; request?: Partial<AgentRequest> } = {},
) {
  const spec = parseAgentSpec(options.spec ?? 'command:./agent')
  const name = spec.harness === 'command' ? 'agent' : `bin/${spec.harness}`
  repository.write(name, `#!/bin/sh\n${script}\n`, 0o755)
  return runAgent({
    agent: agents[spec.harness as keyof typeof agents],
    turn: { spec, form: spec.harness === 'command' ? 'text' : 'json', permissions: 'inherit' },
    prompt: 'Do it.\n',
    cwd: repository.root,
    env: { ...repository.env, PATH: `${path.join(repository.root, 'bin')}:${repository.env.PATH}` },
    limits: {},
    ...options.request,
  })
}

describe('a turn', () => {
  it('gives the prompt on standard input, and takes all of standard output as the final message', async () => {
    const run = await runProgram(testRepository(), 'echo "you said: $(cat)"; echo __DONE__')
    expect(run).toMatchObject({ text: 'you said: Do it.\n__DONE__\n', status: 0, reason: 'exited', denials: [] })
    expect(run.failure).toBeUndefined()
  })

  it('finds a relative program at the root, whatever folder it runs in', async () => {
    const repository = testRepository()
    repository.write('sub/x', '')
    const cwd = path.join(repository.root, 'sub')
    const run = await runProgram(repository, 'pwd', { request: { cwd, root: repository.root } })
    expect(run.text).toBe(`${cwd}\n`)
  })

  it('says what is missing, and how to install it', async () => {
    const repository = testRepository()
    const run = await runAgent({
      agent: agents.claude,
      turn: { spec: { harness: 'claude' }, form: 'text', permissions: 'inherit' },
      prompt: 'x',
      cwd: repository.root,
      env: { ...repository.env, PATH: '/nowhere' },
      limits: {},
    })
    expect(run.failure?.kind).toBe('missing')
    expect(run.failure?.message).toContain('npm install -g @anthropic-ai/claude-code')
  })

  it('says how it failed', async () => {
    const run = await runProgram(testRepository(), 'echo partly; echo "no such thing" >&2; exit 3')
    expect(run.failure).toEqual({ kind: 'error', message: 'ended with status 3: no such thing' })
    expect(run.text).toBe('partly\n')
  })

  it('writes all that was printed into the log', async () => {
    const repository = testRepository()
    const logFile = path.join(repository.root, '.oompa/runs/0a0b0c0d/w1-1.log')
    await runProgram(repository, 'echo out; echo err >&2', { request: { logFile } })
    await runProgram(repository, 'echo more', { request: { logFile } })
    expect(readFileSync(logFile, 'utf8').split('\n').sort()).toEqual(['', 'err', 'more', 'out'])
  })

  it('works without a place for its log', async () => {
    const repository = testRepository()
    const notices: string[] = []
    const logFile = path.join(repository.root, 'README.md/w1-1.log')
    const run = await runProgram(repository, 'echo out', {
      request: { logFile, onNotice: (text) => notices.push(text) },
    })
    expect(notices.join()).toContain('README.md')
    expect(run).toMatchObject({ text: 'out\n' })
  })

  it('keeps the end of a message that has no end', async () => {
    const repository = testRepository()
    const logFile = path.join(repository.root, 'log')
    const run = await runProgram(repository, 'head -c 100000000 /dev/zero | tr "\\0" x; echo; echo __DONE__', {
      request: { logFile },
    })
    expect(run.text.length).toBeLessThanOrEqual(256 * 1024)
    expect(run.text.endsWith('\n__DONE__\n')).toBe(true)
    // What is printed to a log has an end, too: half of it may have been put aside.
    expect(readFileSync(logFile, 'utf8').endsWith('\n__DONE__\n')).toBe(true)
    expect(statSync(logFile).size + statSync(`${logFile}.old`).size).toBeLessThanOrEqual(64_000_000)
  })

  it('tells its time limits apart from failures', async () => {
    const repository = testRepository()
    const idle = await runProgram(repository, 'sleep 100', { request: { limits: { idleMs: 100 } } })
    expect(idle.failure).toEqual({ kind: 'timeout', message: 'said nothing for 0.1 s, and was ended' })
    const long = await runProgram(repository, 'sleep 100', { request: { limits: { iterationMs: 100 } } })
    expect(long.failure?.message).toContain('took longer than 0.1 s')
  })

  it('is never done by a status 0 after we ended it', async () => {
    const abort = new AbortController()
    const run = await runProgram(testRepository(), 'trap "exit 0" TERM; echo __DONE__; while :; do sleep 0.05; done', {
      request: { signal: abort.signal, onOutput: () => abort.abort() },
    })
    expect(run).toMatchObject({ status: 0, reason: 'aborted', failure: { kind: 'interrupted' } })
  })

  it('is done when only the way out takes too long', async () => {
    const result = '{"type":"result","is_error":false,"result":"__DONE__","session_id":"s"}'
    const run = await runProgram(testRepository(), `echo '${result}'; sleep 1000`, {
      spec: 'claude',
      request: { limits: { graceMs: 100 } },
    })
    expect(run).toMatchObject({ reason: 'grace', text: '__DONE__' })
    expect(run.failure).toBeUndefined()
  })

  it('is not done when Claude’s stream ends with 0 and no result', async () => {
    const init = `echo '{"type":"system","subtype":"init","session_id":"s"}'`
    const run = await runProgram(testRepository(), init, { spec: 'claude' })
    expect(run.failure?.kind).toBe('error')
  })

  it('takes plain text for what it is where a program under a CLI’s name prints it', async () => {
    for (const spec of ['claude', 'codex', 'opencode', 'gemini']) {
      const run = await runProgram(testRepository(), 'echo done; echo __DONE__', { spec })
      expect(run).toMatchObject({ text: 'done\n__DONE__\n', status: 0, denials: [] })
      expect(run.failure).toBeUndefined()
    }
  })

  it('begins a new session where the old one is gone, and says so', async () => {
    const repository = testRepository()
    const script = `case "$*" in *resume*) echo "No conversation found with session ID: old" >&2; exit 1;; esac
cat > prompt; echo '{"type":"result","is_error":false,"result":"ok","session_id":"new"}'`
    const notices: string[] = []
    const run = await runProgram(repository, script, {
      spec: 'claude',
      request: {
        turn: {
          spec: { harness: 'claude' },
          form: 'json',
          permissions: 'inherit',
          session: { id: 'old', resume: true },
        },
        freshPrompt: 'All of it.',
        onNotice: (text) => notices.push(text),
      },
    })
    expect(run).toMatchObject({ restarted: true, session: 'new', text: 'ok' })
    expect(notices).toHaveLength(1)
    expect(readFileSync(path.join(repository.root, 'prompt'), 'utf8')).toBe('All of it.')
  })

  it('counts only its own tokens where the CLI counts the session’s', async () => {
    const repository = testRepository()
    const script = `n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n
echo '{"type":"thread.started","thread_id":"thread-of-usage"}'
echo '{"type":"item.completed","item":{"type":"agent_message","text":"ok"}}'
echo "{\\"type\\":\\"turn.completed\\",\\"usage\\":{\\"input_tokens\\":$((n*100)),\\"cached_input_tokens\\":$((n*10)),\\"output_tokens\\":$((n*5))}}"`
    for (const _ of [1, 2, 3]) {
      const run = await runProgram(repository, script, { spec: 'codex' })
      expect(run.usage).toEqual({ input: 90, output: 5, cacheRead: 10, cacheWrite: 0 })
    }
  })

  it('says at most four times a second what it is doing, and the last thing in any case', async () => {
    const doing: string[] = []
    const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo "step $i"; sleep 0.03; done'
    await runProgram(testRepository(), script, { request: { onActivity: (text) => doing.push(text) } })
    expect(doing[0]).toBe('step 1')
    expect(doing.at(-1)).toBe('step 10')
    expect(doing.length).toBeLessThan(8)
  })

  it('says what it is doing now', async () => {
    const doing: string[] = []
    await runProgram(testRepository(), 'echo one; printf "two\\033[31m\\tred\\n"', {
      request: { onActivity: (text) => doing.push(text) },
    })
    expect(doing.join('|')).toContain('two [31m red')
  })
})
