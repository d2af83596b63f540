#!/usr/bin/env node
// A scripted model on the loopback interface: Anthropic Messages, OpenAI Responses and Chat Completions, Gemini.
//
// It speaks just enough of four wire formats for a real coding-agent CLI to
// run against it with no network: Anthropic Messages, OpenAI Responses and
// OpenAI Chat Completions, Gemini. What the "model" says comes from a scenario module:
//
//   export function reply(request) { return { text: '__DONE__' } }
//
// See README.md for the request and reply shapes.

import http from 'node:http'
import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const HOST = '127.0.0.1'
const DEFAULT_USAGE = { input: 100, output: 10, cacheRead: 0, cacheWrite: 0 }

// ---------------------------------------------------------------- arguments

function parseArgs(argv) {
  const args = { port: 0, log: null, scenario: null }
  for (let i = 0; i < argv.length; i += 1) {
    const [flag, inline] = argv[i].split(/=(.*)/s)
    const value = () => inline ?? argv[(i += 1)]
    if (flag === '--port') args.port = Number(value())
    else if (flag === '--log') args.log = value()
    else if (flag === '--scenario') args.scenario = value()
    else throw new Error(`unknown argument: ${argv[i]}`)
  }
  if (!args.scenario) throw new Error('usage: server.mjs --scenario FILE.mjs [--port N] [--log FILE]')
  return args
}

// ---------------------------------------------------------- shared helpers

let serial = 0
const id = (prefix) => `${prefix}_${String((serial += 1)).padStart(6, '0')}`

/** Text of a content field that may be a string or a list of typed parts. */
function textOf(content) {
  if (content == null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return textOf(content.content ?? content.text ?? content.output)
  return content
    .filter((part) => typeof part === 'string' || typeof part?.text === 'string')
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('\n')
}

// Text the CLIs themselves add under the user role; never part of the prompt.
const INJECTED = /^\s*(<(system-reminder|environment_context|user_instructions|turn_aborted|permissions)\b|# AGENTS\.md instructions)/

/**
 * Fold a transcript, given as ordered steps, into what a scenario wants to know:
 * the current prompt, and which tool results have come back since it was asked.
 */
function fold(steps) {
  const prompts = []
  let since = []
  for (const step of steps) {
    if (step.kind === 'tool') since.push({ id: step.id, text: step.text, isError: step.isError })
    else if (!INJECTED.test(step.text)) {
      prompts.push(step.text)
      since = []
    }
  }
  return {
    prompt: prompts.at(-1) ?? '',
    prompts,
    turn: since.length,
    toolResults: since,
    userText: steps.filter((step) => step.kind === 'user').map((step) => step.text).join('\n'),
  }
}

function sse(res) {
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    connection: 'keep-alive',
    'request-id': id('req'),
  })
  return (data, event) => {
    if (event) res.write(`event: ${event}\n`)
    res.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  }
}

function json(res, status, body, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(JSON.stringify(body))
}

// Each dialect below has the same four parts:
//   read(body)            -> the fields of a scenario request
//   call(body, shell)     -> the tool call that runs `shell` on that CLI, or null
//   write(res, body, ...) -> the success response, streamed or not
//   error(status, kind)   -> the body of an error response

// ------------------------------------------------------ Anthropic Messages

const ERROR_KINDS = { 400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error', 529: 'overloaded_error' }

const anthropic = {
  read(body) {
    const steps = []
    for (const message of body.messages ?? []) {
      if (message.role !== 'user') continue
      const parts = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content ?? []
      const results = parts.filter((part) => part.type === 'tool_result')
      for (const part of results) {
        steps.push({ kind: 'tool', id: part.tool_use_id, text: textOf(part.content), isError: Boolean(part.is_error) })
      }
      // Text that rides along with tool results is the CLI talking, not a new prompt.
      if (results.length) continue
      for (const part of parts) if (part.type === 'text') steps.push({ kind: 'user', text: part.text })
    }
    return { system: textOf(body.system), steps, tools: (body.tools ?? []).map((tool) => tool.name) }
  },

  call(body, shell) {
    // A tool call spelled out: its other inputs (`run_in_background`) are part of what a scenario is about.
    if (typeof shell === 'object') return { id: id('toolu'), name: shell.name, input: shell.input }
    const tool = (body.tools ?? []).find((candidate) => candidate.name === 'Bash')
    return tool && { id: id('toolu'), name: 'Bash', input: { command: shell, description: 'Run a scripted command' } }
  },

  write(res, body, { text, call, usage }) {
    const content = []
    if (text) content.push({ type: 'text', text })
    if (call) content.push({ type: 'tool_use', ...call })
    const message = {
      id: id('msg'), type: 'message', role: 'assistant', model: body.model, content,
      stop_reason: call ? 'tool_use' : 'end_turn', stop_sequence: null,
      usage: {
        input_tokens: usage.input, output_tokens: usage.output,
        cache_creation_input_tokens: usage.cacheWrite, cache_read_input_tokens: usage.cacheRead,
      },
    }
    if (!body.stream) return json(res, 200, message)
    const send = sse(res)
    const emit = (event) => send(event, event.type)
    emit({ type: 'message_start', message: { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } } })
    content.forEach((block, index) => {
      const isText = block.type === 'text'
      emit({ type: 'content_block_start', index, content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} } })
      emit({
        type: 'content_block_delta', index,
        delta: isText ? { type: 'text_delta', text: block.text } : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
      })
      emit({ type: 'content_block_stop', index })
    })
    emit({ type: 'message_delta', delta: { stop_reason: message.stop_reason, stop_sequence: null }, usage: message.usage })
    emit({ type: 'message_stop' })
    res.end()
  },

  error(status, message) {
    return { type: 'error', error: { type: ERROR_KINDS[status] ?? 'api_error', message } }
  },
}

// -------------------------------------------------------- OpenAI Responses

// The shell-like tools an agent may offer, and the arguments each expects.
const SHELL_TOOLS = {
  exec_command: (shell) => ({ cmd: shell }),
  shell_command: (shell) => ({ command: shell }),
  shell: (shell) => ({ command: ['bash', '-lc', shell] }),
  bash: (shell) => ({ command: shell, description: 'Run a scripted command' }),
  Bash: (shell) => ({ command: shell, description: 'Run a scripted command' }),
}
const pickShell = (names) => Object.keys(SHELL_TOOLS).find((name) => names.includes(name))

const responses = {
  read(body) {
    const items = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input ?? []
    const steps = []
    let system = body.instructions ?? ''
    for (const item of items) {
      if (item.role === 'user') steps.push({ kind: 'user', text: textOf(item.content) })
      else if (item.role === 'developer' || item.role === 'system') system += `\n${textOf(item.content)}`
      else if (/_output$/.test(item.type ?? '')) {
        steps.push({ kind: 'tool', id: item.call_id, text: textOf(item.output), isError: false })
      }
    }
    return { system, steps, tools: (body.tools ?? []).map((tool) => tool.name ?? tool.type) }
  },

  call(body, shell) {
    const tools = body.tools ?? []
    if (tools.some((tool) => tool.type === 'local_shell')) {
      const action = { type: 'exec', command: ['bash', '-lc', shell], env: {} }
      return { type: 'local_shell_call', id: id('lsh'), call_id: id('call'), status: 'completed', action }
    }
    const name = pickShell(tools.filter((tool) => tool.type === 'function').map((tool) => tool.name))
    if (!name) return null
    return { type: 'function_call', id: id('fc'), call_id: id('call'), name, arguments: JSON.stringify(SHELL_TOOLS[name](shell)), status: 'completed' }
  },

  write(res, body, { text, call, usage }) {
    const output = []
    if (text) {
      output.push({
        type: 'message', id: id('msg'), role: 'assistant', status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      })
    }
    if (call) output.push(call)
    const response = {
      id: id('resp'), object: 'response', created_at: 0, model: body.model, status: 'completed', output, error: null,
      usage: {
        // Here, unlike Anthropic's, the input count includes the cached tokens.
        input_tokens: usage.input + usage.cacheRead, input_tokens_details: { cached_tokens: usage.cacheRead },
        output_tokens: usage.output, output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: usage.input + usage.cacheRead + usage.output,
      },
    }
    if (!body.stream) return json(res, 200, response)
    const send = sse(res)
    let sequence = 0
    const emit = (type, fields) => send({ type, sequence_number: (sequence += 1), ...fields }, type)
    emit('response.created', { response: { ...response, status: 'in_progress', output: [], usage: null } })
    output.forEach((item, index) => {
      emit('response.output_item.added', { output_index: index, item: item.type === 'message' ? { ...item, status: 'in_progress', content: [] } : item })
      if (item.type === 'message') {
        emit('response.output_text.delta', { item_id: item.id, output_index: index, content_index: 0, delta: text })
      }
      emit('response.output_item.done', { output_index: index, item })
    })
    emit('response.completed', { response })
    res.end()
  },

  error(status, message) {
    return { error: { message, type: ERROR_KINDS[status] ?? 'server_error', code: status === 401 ? 'invalid_api_key' : null, param: null } }
  },
}

// ------------------------------------------------- OpenAI Chat Completions

const chat = {
  read(body) {
    const steps = []
    let system = ''
    for (const message of body.messages ?? []) {
      const text = textOf(message.content)
      if (message.role === 'user') steps.push({ kind: 'user', text })
      else if (message.role === 'tool') steps.push({ kind: 'tool', id: message.tool_call_id, text, isError: false })
      else if (message.role !== 'assistant') system += `${text}\n`
    }
    return { system, steps, tools: (body.tools ?? []).map((tool) => tool.function?.name) }
  },

  call(body, shell) {
    const name = pickShell((body.tools ?? []).map((tool) => tool.function?.name))
    return name && { id: id('call'), type: 'function', function: { name, arguments: JSON.stringify(SHELL_TOOLS[name](shell)) } }
  },

  write(res, body, { text, call, usage }) {
    const base = { id: id('chatcmpl'), created: 0, model: body.model }
    const finish = call ? 'tool_calls' : 'stop'
    const input = usage.input + usage.cacheRead
    const counts = { prompt_tokens: input, completion_tokens: usage.output, total_tokens: input + usage.output, prompt_tokens_details: { cached_tokens: usage.cacheRead } }
    const message = { role: 'assistant', content: text || null, ...(call && { tool_calls: [call] }) }
    if (!body.stream) {
      return json(res, 200, { ...base, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }], usage: counts })
    }
    const send = sse(res)
    const chunk = (choices, extra) => send({ ...base, object: 'chat.completion.chunk', choices, ...extra })
    const delta = { ...message, ...(call && { tool_calls: [{ index: 0, ...call }] }) }
    chunk([{ index: 0, delta, finish_reason: null }])
    chunk([{ index: 0, delta: {}, finish_reason: finish }])
    chunk([], { usage: counts })
    send('[DONE]')
    res.end()
  },

  error: responses.error,
}

// ------------------------------------------------------------- Gemini API

const gemini = {
  read(body) {
    const steps = []
    for (const content of body.contents ?? []) {
      if (content.role === 'model') continue
      const parts = content.parts ?? []
      const results = parts.filter((part) => part.functionResponse)
      for (const { functionResponse } of results) {
        steps.push({ kind: 'tool', id: functionResponse.id ?? functionResponse.name, text: JSON.stringify(functionResponse.response), isError: false })
      }
      if (results.length) continue
      for (const part of parts) if (typeof part.text === 'string' && !/^\s*(<session_context>|This is the Gemini CLI)/.test(part.text)) steps.push({ kind: 'user', text: part.text })
    }
    const tools = (body.tools ?? []).flatMap((tool) => (tool.functionDeclarations ?? []).map((declared) => declared.name))
    return { system: textOf(body.systemInstruction?.parts), steps, tools }
  },

  call(body, shell) {
    const names = gemini.read(body).tools
    return names.includes('run_shell_command') ? { name: 'run_shell_command', args: { command: shell, description: 'Run a scripted command' } } : null
  },

  write(res, body, { text, call, usage }) {
    // Side calls (routing, who speaks next) want JSON, whatever the scenario says.
    if (body.generationConfig?.responseMimeType === 'application/json') {
      text = JSON.stringify({ reasoning: 'scripted', next_speaker: 'user', model_choice: 'flash', complexity_reasoning: 'scripted', complexity_score: 1 })
      call = null
    }
    const parts = []
    if (text) parts.push({ text })
    if (call) parts.push({ functionCall: call })
    const input = usage.input + usage.cacheRead
    const answer = {
      candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: input, cachedContentTokenCount: usage.cacheRead, candidatesTokenCount: usage.output, totalTokenCount: input + usage.output },
      modelVersion: body.model, responseId: id('resp'),
    }
    if (!body.stream) return json(res, 200, answer)
    sse(res)(answer)
    res.end()
  },

  error(status, message) {
    const kinds = { 400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 429: 'RESOURCE_EXHAUSTED', 503: 'UNAVAILABLE' }
    return { error: { code: status, message, status: kinds[status] ?? 'INTERNAL' } }
  },
}

const DIALECTS = {
  '/v1/messages': ['anthropic', anthropic],
  '/v1/responses': ['responses', responses],
  '/v1/chat/completions': ['chat', chat],
}

// ------------------------------------------------------------------ server

async function readBody(req) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const raw = Buffer.concat(chunks).toString('utf8')
  return raw ? JSON.parse(raw) : {}
}

function makeHandler(scenario, log) {
  const started = Date.now()
  let count = 0

  return async function handle(req, res) {
    const path = new URL(req.url, `http://${HOST}`).pathname.replace(/^\/v1\/v1\//, '/v1/')
    const entry = { n: (count += 1), ms: Date.now() - started, method: req.method, path }
    res.on('close', () => {
      if (!res.writableEnded) log({ n: entry.n, ms: Date.now() - started, event: 'client-disconnected' })
    })

    if (req.method === 'GET' && path === '/v1/models') {
      log(entry)
      return json(res, 200, { object: 'list', data: [{ id: 'scripted', object: 'model' }] })
    }
    if (req.method !== 'POST') {
      log({ ...entry, status: 404 })
      return json(res, 404, { error: { type: 'not_found_error', message: 'not found' } })
    }

    const body = await readBody(req)
    if (path === '/v1/messages/count_tokens') {
      log({ ...entry, status: 200 })
      return json(res, 200, { input_tokens: DEFAULT_USAGE.input })
    }
    const [, geminiModel, verb] = /^\/v1(?:beta|alpha)?\/models\/([^/:]+):(\w+)$/.exec(path) ?? []
    if (verb === 'countTokens') {
      log({ ...entry, status: 200 })
      return json(res, 200, { totalTokens: DEFAULT_USAGE.input })
    }
    if (geminiModel) Object.assign(body, { model: geminiModel, stream: verb === 'streamGenerateContent' })
    const [api, dialect] = geminiModel ? ['gemini', gemini] : DIALECTS[path] ?? []
    if (!dialect) {
      log({ ...entry, status: 404 })
      return json(res, 404, { error: { type: 'not_found_error', message: 'not found' } })
    }

    const { system, steps, tools } = dialect.read(body)
    const session = req.headers['x-claude-code-session-id'] ?? req.headers['session-id'] ?? req.headers.session_id ?? body.prompt_cache_key ?? null
    const request = { api, model: body.model, session, n: entry.n, system, ...fold(steps), tools, headers: req.headers, body }
    const answer = (await scenario.reply(request)) ?? {}
    const { prompt, turn, toolResults } = request
    log({ ...entry, api, model: body.model, session, stream: Boolean(body.stream), prompt, turn, toolResults, tools, reply: answer })

    if (answer.delayMs) await new Promise((done) => setTimeout(done, answer.delayMs))
    if (answer.hang) return undefined // keep the connection open, send nothing
    if (answer.drop) return res.destroy() // close the connection, send nothing
    if (answer.status && answer.status >= 400) {
      const headers = answer.retryAfter == null ? {} : { 'retry-after': String(answer.retryAfter) }
      return json(res, answer.status, answer.error ?? dialect.error(answer.status, answer.message ?? `scripted ${answer.status}`), { ...headers, ...answer.headers })
    }

    const call = answer.shell == null ? null : dialect.call(body, answer.shell)
    if (answer.shell != null && !call) {
      return json(res, 400, dialect.error(400, `no shell tool among: ${tools.join(', ')}`))
    }
    const usage = { ...DEFAULT_USAGE, ...answer.usage }
    return dialect.write(res, body, { text: answer.text ?? '', call, usage })
  }
}

/** Start a server; `scenario` is a loaded module or any object with reply(). */
export async function startModelServer({ scenario, port = 0, logFile = null }) {
  const log = (entry) => {
    if (logFile) appendFileSync(logFile, `${JSON.stringify(entry)}\n`)
  }
  const handle = makeHandler(scenario, log)
  const server = http.createServer((req, res) => {
    handle(req, res).catch((error) => {
      log({ event: 'scenario-error', message: String(error?.stack ?? error) })
      if (!res.headersSent) json(res, 500, { error: { type: 'api_error', message: String(error) } })
      else res.destroy()
    })
  })
  await new Promise((done, fail) => server.once('error', fail).listen(port, HOST, done))
  const url = `http://${HOST}:${server.address().port}`
  const close = () => new Promise((done) => { server.close(done); server.closeAllConnections() })
  return { url, port: server.address().port, close }
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const args = parseArgs(process.argv.slice(2))
  const scenario = await import(pathToFileURL(resolve(args.scenario)).href)
  const { url, port, close } = await startModelServer({ scenario, port: args.port, logFile: args.log })
  process.stdout.write(`${JSON.stringify({ port, url, pid: process.pid })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => close().then(() => process.exit(0)))
}
