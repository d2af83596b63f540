// What an agent prints, as it comes: coloured as on a terminal, searchable, from its end.

import { get } from '/api.js'
import { html, useEffect, useRef, useState } from '/lib/preact.js'
import { useData } from '/parts.js'

/** What is read first: the end of a long log. */
const FIRST = 256 * 1024
const MOST_LINES = 5000
const POLL_MS = 1000

export function Log({ swarm, worker, iteration, choose, version }) {
  const { data: logs = [] } = useData(`/api/swarms/${swarm}/logs`, version)
  const last = logs.findLast((one) => (worker ? one.worker === worker : true))
  const chosen = logs.find((one) => one.worker === worker && one.iteration === iteration) ?? last
  const { lines, left, error } = useLines(swarm, chosen)
  const [words, setWords] = useState('')
  const [stays, setStays] = useState(true)
  const box = useRef()
  useEffect(() => {
    if (stays && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines, stays])
  if (!chosen) return html`<p class="quiet">No agent has printed anything yet.</p>`
  const shown = words ? lines.filter((line) => plain(line).toLowerCase().includes(words.toLowerCase())) : lines
  return html`<div class="log">
    <div class="tools">
      <label>Log <select value=${`${chosen.worker} ${chosen.iteration}`} onChange=${(event) => {
        const [who, which] = event.target.value.split(' ')
        choose(who, Number(which))
      }}>${logs.map((one) => html`<option value=${`${one.worker} ${one.iteration}`} selected=${one === chosen}>${one.worker}, iteration ${one.iteration}</option>`)}</select></label>
      <label>Search <input type="search" value=${words} onInput=${(event) => setWords(event.target.value)} /></label>
      <label><input type="checkbox" checked=${stays} onChange=${(event) => setStays(event.target.checked)} /> stay at the end</label>
      ${words && html`<span class="quiet" role="status">${shown.length} of ${lines.length} lines</span>`}
    </div>
    ${error && html`<p class="error">${error}</p>`}
    ${left > 0 && html`<p class="quiet">${Math.ceil(left / 1024)} kB before this are left out here. All of it: <code>oompa logs ${chosen.worker} --iteration ${chosen.iteration} --swarm ${swarm}</code></p>`}
    <pre ref=${box} class="output" tabindex="0" aria-label=${`Output of ${chosen.worker}, iteration ${chosen.iteration}`}>${shown.map((line) => html`<div>${coloured(line)}</div>`)}</pre>
  </div>`
}

/** The lines of a log from near its end on, and those that are added. */
function useLines(swarm, chosen) {
  const key = chosen && `/api/swarms/${swarm}/logs/${chosen.worker}/${chosen.iteration}/lines`
  const [state, setState] = useState({ lines: [], left: 0 })
  useEffect(() => {
    if (!key) return undefined
    let next = -FIRST
    let lines = []
    let left = 0
    let over = false
    let timer
    const look = async () => {
      try {
        const got = await get(`${key}?from=${next}`)
        if (over) return
        if (next < 0) left = Math.max(0, got.size - FIRST)
        // It was put aside when it became too long, and begins anew.
        if (got.size < next) [next, lines] = [0, []]
        else next = got.next
        if (got.lines.length > 0 || next === 0) lines = [...lines, ...got.lines].slice(-MOST_LINES)
        setState({ key, lines, left })
      } catch (error) {
        if (!over) setState({ key, lines, left, error: error.message })
      }
      if (!over) timer = setTimeout(look, POLL_MS)
    }
    look()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [key])
  return state.key === key ? state : { lines: [], left: 0 }
}

// biome-ignore lint/complexity/useRegexLiterals: an escape in a literal is a control character.
const SEQUENCE = new RegExp(
  '\\u001b\\[([0-9;]*)m|\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|\\u001b\\[[0-?]*[ -/]*[@-~]|\\u001b.|[\\u0000-\\u0008\\u000b-\\u001a\\u001c-\\u001f\\u007f\\u202a-\\u202e\\u2066-\\u2069]',
  'g',
)

const plain = (line) => line.replace(SEQUENCE, '')

/** A line as pieces of text with classes; every other sequence than a colour is left out. */
export function coloured(line) {
  const parts = []
  let style = { bold: false, colour: '' }
  let from = 0
  const add = (to) => {
    if (to <= from) return
    const names = [style.bold && 'bold', style.colour && `c${style.colour}`].filter(Boolean).join(' ')
    const text = line.slice(from, to)
    parts.push(names ? html`<span class=${names}>${text}</span>` : text)
  }
  for (const match of line.matchAll(SEQUENCE)) {
    add(match.index)
    from = match.index + match[0].length
    if (match[1] !== undefined) style = styled(style, match[1])
  }
  add(line.length)
  return parts.length ? parts : ' '
}

function styled(style, codes) {
  let { bold, colour } = style
  const all = codes.split(';').map(Number)
  for (let at = 0; at < all.length; at++) {
    const code = all[at]
    if (code === 0) [bold, colour] = [false, '']
    else if (code === 1) bold = true
    else if (code === 22) bold = false
    else if (code >= 30 && code <= 37) colour = String(code - 30)
    else if (code >= 90 && code <= 97) colour = String(code - 90)
    else if (code === 39) colour = ''
    // Of 256 colours and of all colours: their numbers are passed over.
    else if (code === 38 || code === 48) at += all[at + 1] === 5 ? 2 : 4
  }
  return { bold, colour }
}
