// Asks the server: JSON, and the stream of a swarm's events. What comes back is data and is only ever shown as text.

const ACT = 'oompa-act'

/** The key of the link, once: it becomes a cookie, and leaves the address. */
export async function signIn() {
  const [, token] = /^#([\w-]{43})$/.exec(location.hash) ?? []
  if (!token) return
  history.replaceState(null, '', location.pathname)
  const { act } = await send('/api/session', { token })
  sessionStorage.setItem(ACT, act)
}

/** Whether this tab may approve and reject. */
export const mayAct = () => sessionStorage.getItem(ACT) !== null

export async function get(path) {
  return answer(await fetch(path))
}

export async function send(path, body = {}) {
  const headers = { 'content-type': 'application/json', 'x-oompa-act': sessionStorage.getItem(ACT) ?? '' }
  return answer(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function answer(response) {
  const body = await response.json().catch(() => undefined)
  if (response.ok) return body
  const { message = body?.feedback ?? `The server answered ${response.status}.`, code, mend } = body?.error ?? {}
  throw Object.assign(new Error(message), { status: response.status, code, mend })
}

/**
 * Calls `onEvent` for each event of a swarm after a place in its log, and `onState` with whether it is connected.
 * @returns what ends it
 */
export function follow(swarm, after, onEvent, onState) {
  const source = new EventSource(`/api/swarms/${swarm}/stream?after=${after}`)
  source.addEventListener('event', (message) => onEvent(JSON.parse(message.data)))
  source.addEventListener('open', () => onState(true))
  source.addEventListener('error', () => onState(false))
  return () => source.close()
}
