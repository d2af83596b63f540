// The tasks: lists, and their dependencies with the longest way through what is left.

import { html } from '/lib/preact.js'
import { Badge, count, Table, useData } from '/parts.js'

/** More of them are no picture. */
const MOST_NODES = 150
const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [150, 34, 40, 12]

export function Tasks({ version }) {
  const { data, error } = useData('/api/tasks', version)
  if (error) return html`<p class="error">${error}</p>`
  if (!data) return html`<p class="quiet">Reading the tasks …</p>`
  const { pending = [], current = [], complete = [], problems = [] } = data
  const all = [
    ...current.map((task) => ({ ...task, state: 'current' })),
    ...pending.map((task) => ({ ...task, state: task.ready ? 'ready' : 'blocked' })),
    ...complete.map((task) => ({ ...task, state: 'complete' })),
  ]
  return html`
    <p>${count(pending.length, 'task')} pending, ${current.length} current, ${complete.length} complete.</p>
    ${problems.length > 0 && html`<ul class="error">${problems.map((one) => html`<li>${one.path}: ${one.reason}</li>`)}</ul>`}
    <${Graph} tasks=${all} />
    <${Table} label="Tasks" head=${['state', 'id', 'summary', 'waits for', 'held by']} empty="There are no tasks."
      rows=${all.map((task) => [
        html`<${Badge} kind=${task.state} />`,
        task.id,
        task.summary,
        (task.waitsFor ?? []).join(', '),
        task.claim?.worker ?? '',
      ])} />`
}

/** The longest chain of tasks that are left, by their ids. */
export function criticalPath(tasks) {
  const open = new Map(tasks.filter(({ state }) => state !== 'complete').map((task) => [task.id, task]))
  const longest = new Map()
  const chain = (id, way) => {
    const known = longest.get(id)
    if (known) return known
    // A cycle has no longest way.
    if (way.has(id)) return []
    way.add(id)
    const before = (open.get(id)?.dependsOn ?? []).filter((one) => open.has(one)).map((one) => chain(one, way))
    way.delete(id)
    const best = before.reduce((most, one) => (one.length > most.length ? one : most), [])
    const found = [...best, id]
    longest.set(id, found)
    return found
  }
  return [...open.keys()]
    .map((id) => chain(id, new Set()))
    .reduce((most, one) => (one.length > most.length ? one : most), [])
}

function Graph({ tasks }) {
  const ids = new Set(tasks.map(({ id }) => id))
  const linked = tasks.filter(
    ({ id, dependsOn = [] }) =>
      dependsOn.some((one) => ids.has(one)) || tasks.some((other) => other.dependsOn?.includes(id)),
  )
  if (linked.length === 0) return null
  if (linked.length > MOST_NODES) {
    return html`<p class="quiet">${linked.length} tasks depend on each other, too many for a picture: <code>oompa tasks graph --format dot</code></p>`
  }
  const byId = new Map(linked.map((task) => [task.id, task]))
  const path = criticalPath(linked)
  const lit = new Set(path.length > 1 ? path : [])
  const columns = depths(byId)
  const rows = new Map()
  const places = new Map()
  for (const { id } of linked) {
    const column = columns.get(id)
    const row = rows.get(column) ?? 0
    rows.set(column, row + 1)
    places.set(id, [column * (WIDTH + GAP_X) + 2, row * (HEIGHT + GAP_Y) + 2])
  }
  const width = (Math.max(...rows.keys()) + 1) * (WIDTH + GAP_X)
  const height = Math.max(...rows.values()) * (HEIGHT + GAP_Y) + 4
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Dependencies of the tasks">
    <svg class="graph" width=${width} height=${height} role="img" aria-label=${`Dependencies; the longest way: ${path.join(', ')}`}>
      ${linked.flatMap(({ id, dependsOn = [] }) =>
        dependsOn
          .filter((one) => places.has(one))
          .map((one) => {
            const [[x1, y1], [x2, y2]] = [places.get(one), places.get(id)]
            const [a, b, c] = [x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2]
            return html`<path class=${lit.has(one) && lit.has(id) ? 'lit' : ''} d=${`M${a} ${b} C${a + GAP_X / 2} ${b} ${x2 - GAP_X / 2} ${c} ${x2} ${c}`} />`
          }),
      )}
      ${linked.map(({ id, state, summary }) => {
        const [x, y] = places.get(id)
        return html`<g class="node is-${state} ${lit.has(id) ? 'lit' : ''}"><title>${`${id}: ${summary} (${state})`}</title>
          <rect x=${x} y=${y} width=${WIDTH} height=${HEIGHT} rx="6" />
          <text x=${x + 8} y=${y + HEIGHT / 2 + 4}>${id.length > 20 ? `${id.slice(0, 19)}…` : id}</text></g>`
      })}
    </svg></div>
    ${lit.size > 0 && html`<p class="quiet">The longest way through what is left: ${path.join(' → ')}</p>`}`
}

/** How many tasks stand before each, at most. */
function depths(byId) {
  const found = new Map()
  const depth = (id, way) => {
    if (found.has(id)) return found.get(id)
    if (way.has(id)) return 0
    way.add(id)
    const before = (byId.get(id)?.dependsOn ?? []).filter((one) => byId.has(one))
    const value = before.reduce((most, one) => Math.max(most, depth(one, way) + 1), 0)
    way.delete(id)
    found.set(id, value)
    return value
  }
  for (const id of byId.keys()) depth(id, new Set())
  return found
}
