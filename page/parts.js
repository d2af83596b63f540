// Small parts that several places of the page use: words for times and money, badges, and loading from the server.

import { get } from '/api.js'
import { html, useEffect, useRef, useState } from '/lib/preact.js'

/** `~`: part of it is an estimate. */
export function money(usd, estimated) {
  return typeof usd === 'number' ? `${estimated ? '~' : ''}$${usd.toFixed(usd >= 1000 ? 0 : 2)}` : '–'
}

/** Seconds in words: `7s`, `1m02s`, `3h05m`. */
export function span(seconds) {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return '–'
  if (seconds < 1) return `${Math.max(0, seconds).toFixed(1)}s`
  const all = Math.round(seconds)
  const two = (number) => String(number).padStart(2, '0')
  if (all < 60) return `${all}s`
  if (all < 3600) return `${Math.floor(all / 60)}m${two(all % 60)}s`
  if (all < 48 * 3600) return `${Math.floor(all / 3600)}h${two(Math.floor(all / 60) % 60)}m`
  return `${Math.floor(all / 86400)}d`
}

export function since(iso, now = Date.now()) {
  return iso ? span((now - Date.parse(iso)) / 1000) : '–'
}

export function clock(iso) {
  const date = new Date(iso ?? '')
  return Number.isNaN(date.getTime()) ? '–' : date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

export function dateAndTime(iso) {
  const date = new Date(iso ?? '')
  return Number.isNaN(date.getTime()) ? '–' : date.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })
}

export function count(number, word) {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}

export function percent(share) {
  return typeof share === 'number' ? `${Math.round(share * 100)} %` : '–'
}

/** A word in its colour; the colour is never all that says it. */
export function Badge({ kind, children }) {
  return html`<span class="badge is-${/^[a-z-]+$/.test(kind) ? kind : 'other'}">${children ?? kind}</span>`
}

/** A command to type, with a button that copies it. */
export function Command({ text }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    } catch {
      // Not every browser lets a page do that; the text can be marked.
    }
  }
  return html`<span class="command"><code>${text}</code><button type="button" onClick=${copy} aria-label=${`Copy: ${text}`}>${copied ? 'copied' : 'copy'}</button></span>`
}

/** What the server gives under `path`, asked again after each change of `version`; never twice at the same time. */
export function useData(path, version) {
  const [state, setState] = useState({})
  const asked = useRef({})
  useEffect(() => {
    if (!path) return
    const one = asked.current
    // What was asked before has not been answered yet: one more question comes after it.
    if (one.path === path && one.open) {
      one.again = true
      return
    }
    const ask = (mine) => {
      mine.open = true
      mine.again = false
      get(path)
        .then(
          (data) => ({ path, data }),
          (error) => ({ path, error: error.message }),
        )
        .then((answer) => {
          mine.open = false
          if (asked.current !== mine) return
          setState(answer)
          if (mine.again) ask(mine)
        })
    }
    asked.current = { path }
    ask(asked.current)
  }, [path, version])
  // What belongs to another path is not shown for this one.
  return state.path === path ? state : {}
}

/** A table with headings; cells are text or parts. */
export function Table({ label, head, rows, empty = 'Nothing yet.' }) {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead><tr>${head.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
      <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`
}
