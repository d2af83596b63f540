// Below: the changes with their diffs, the queue, the cost, the history.

import { html, useEffect, useRef } from '/lib/preact.js'
import { Decide } from '/overview.js'
import { Badge, count, dateAndTime, money, percent, since, span, Table, useData } from '/parts.js'

export function Changes({ swarm, chosen, open, version, changed }) {
  const { data, error } = useData(`/api/swarms/${swarm}/changes`, version)
  if (error) return html`<p class="error">${error}</p>`
  if (!data) return html`<p class="quiet">Reading the changes …</p>`
  const { changes, more } = data
  if (changes.length === 0) return html`<p class="quiet">No iteration has begun yet.</p>`
  return html`<div class="changes">
    <ul class="list" aria-label="Changes">
      ${changes.map(
        (
          one,
        ) => html`<li key=${one.id}><button type="button" class=${one.id === chosen ? 'chosen' : ''} aria-current=${one.id === chosen} onClick=${() => open(one.id)}>
        <span>${one.worker} #${one.iteration}</span> <${Badge} kind=${one.outcome ?? 'going'}>${one.outcome ?? 'at work'}<//>
        <span class="quiet">${[one.task, one.rounds > 0 && count(one.rounds, 'review'), one.refusals > 0 && `${one.refusals} refused`, one.costUsd !== undefined && money(one.costUsd, one.estimated)].filter(Boolean).join(' · ')}</span>
      </button></li>`,
      )}
      ${more > 0 && html`<li class="quiet">and ${more} earlier ones</li>`}
    </ul>
    <div class="detail">${chosen ? html`<${Change} key=${chosen} swarm=${swarm} id=${chosen} version=${version} changed=${changed} />` : html`<p class="quiet">Choose a change to see its diff, its reviews and its tests.</p>`}</div>
  </div>`
}

function Change({ swarm, id, version, changed }) {
  const { data, error } = useData(`/api/swarms/${swarm}/changes/${encodeURIComponent(id)}`, version)
  if (error) return html`<p class="error">${error}</p>`
  if (!data) return html`<p class="quiet">Reading …</p>`
  const {
    worker,
    iteration,
    task,
    branch,
    outcome,
    startedAt,
    endedAt,
    costUsd,
    estimated,
    message,
    steps,
    approval,
    kept,
    diff,
  } = data
  return html`<article>
    <h3>${worker}, iteration ${iteration} ${outcome && html`<${Badge} kind=${outcome} />`}</h3>
    <p class="quiet">${[task, branch, startedAt && dateAndTime(startedAt), endedAt && `took ${since(startedAt, Date.parse(endedAt))}`, costUsd !== undefined && money(costUsd, estimated)].filter(Boolean).join(' · ')}</p>
    ${kept && html`<p class="quiet">Its work is kept at <code>${kept}</code></p>`}
    ${approval && html`<${Decide} id=${approval} changed=${changed} />`}
    ${
      steps.length > 0 &&
      html`<h4>What happened</h4><ol class="steps">${steps.map(
        (step) => html`<li>
      <${Badge} kind=${step.what} /> ${step.by && html`by ${step.by} `}<time class="quiet">${dateAndTime(step.at)}</time>
      ${step.text && html`<${Text} text=${step.text} />`}
    </li>`,
      )}</ol>`
    }
    ${message && html`<h4>The author's last words</h4><${Text} text=${message} />`}
    <h4>Diff</h4>
    ${diff ? html`<${Diff} diff=${diff} />` : html`<p class="quiet">There is no commit of it (yet).</p>`}
  </article>`
}

/** A text of somebody's; a long one is folded. */
function Text({ text }) {
  if (text.length < 600 && text.split('\n').length < 12) return html`<pre class="said">${text}</pre>`
  const [first = ''] = text.split('\n')
  return html`<details><summary>${first.slice(0, 160)} …</summary><pre class="said">${text}</pre></details>`
}

function Diff({ diff }) {
  const files = diff.text.split(/^(?=diff --git )/m).filter(Boolean)
  if (files.length === 0) return html`<p class="quiet">It changes no file.</p>`
  return html`${diff.cut && html`<p class="quiet">${diff.cut}</p>`}${files.map((text) => html`<${File} text=${text} open=${files.length <= 8} />`)}`
}

const MOST_LINES = 1500

function File({ text, open }) {
  const lines = text.replace(/\n$/, '').split('\n')
  const name =
    /^\+\+\+ b\/(.*)$/m.exec(text)?.[1] ??
    /^rename to (.*)$/m.exec(text)?.[1] ??
    lines[0].replace(/^diff --git a\/.* b\//, '')
  const begin = lines.findIndex((line) => line.startsWith('@@'))
  const body = begin < 0 ? lines.slice(1) : lines.slice(begin)
  const [added, removed] = ['+', '-'].map((sign) => body.filter((line) => line.startsWith(sign)).length)
  return html`<details class="file" open=${open && body.length < 400}><summary><code>${name}</code> <span class="plus">+${added}</span> <span class="minus">−${removed}</span></summary>
    <pre class="diff" tabindex="0" aria-label=${`Diff of ${name}`}>${body.slice(0, MOST_LINES).map((line) => html`<div class=${line[0] === '+' ? 'plus' : line[0] === '-' ? 'minus' : line[0] === '@' ? 'hunk' : ''}>${line || ' '}</div>`)}</pre>
    ${body.length > MOST_LINES && html`<p class="quiet">${body.length - MOST_LINES} more lines</p>`}
  </details>`
}

export function Queue({ facts, now }) {
  const { queue, workers } = facts
  const of = (name) => workers.find(({ worker }) => worker === name)
  return html`<${Table} label="Queue" head=${['place', 'worker', 'branch', 'since', 'state', 'why']} empty="Nothing waits to land."
    rows=${queue.map(({ branch, worker, at }, place) => [place + 1, worker ?? '', branch, since(at, now), of(worker)?.state ?? 'queued', of(worker)?.doing ?? ''])} />`
}

export function Cost({ facts }) {
  const { figures, costUsd, estimated, budgetUsd, spent, counts } = facts
  const { spending, costOfRefusedUsd } = figures
  const each = counts.landed > 0 && costUsd !== null ? money(costUsd / counts.landed, estimated) : '–'
  return html`
    <dl class="facts">
      <div><dt>spent</dt><dd>${money(costUsd, estimated)}${budgetUsd !== null ? ` of ${money(budgetUsd)}` : ''}</dd></div>
      <div><dt>for each landing</dt><dd>${each}</dd></div>
      <div><dt>what landed nothing</dt><dd>${money(costOfRefusedUsd, estimated)}</dd></div>
    </dl>
    <${Chart} spent=${spent} cap=${budgetUsd ?? undefined} />
    ${Object.entries({ agent: 'By agent and model', role: 'By role', worker: 'By worker', task: 'By task' }).map(
      ([
        key,
        title,
      ]) => html`<h3>${title}</h3><${Table} label=${title} head=${[key, 'cost', 'runs', 'failed', 'tokens in', 'out', 'cached', 'time']}
        rows=${Object.entries(spending[key]).map(([name, one]) => [
          name || '(none)',
          one.unpriced === one.runs
            ? 'not said'
            : `${money(one.costUsd, one.estimated)}${one.unpriced > 0 ? ` + ${one.unpriced} not said` : ''}`,
          one.runs,
          one.failed,
          one.usage?.input ?? '–',
          one.usage?.output ?? '–',
          one.usage?.cacheRead ?? '–',
          span(one.durationMs / 1000),
        ])} />`,
    )}`
}

/** A colour of the style sheet as a canvas knows it: there, `light-dark()` is none. */
function resolved(element, name) {
  element.style.color = `var(${name})`
  const { color } = getComputedStyle(element)
  element.style.color = ''
  return color
}

/** What was spent over time, with the cap. */
function Chart({ spent, cap }) {
  const box = useRef()
  useEffect(() => {
    if (!box.current || spent.length < 2) return undefined
    const colour = (name) => resolved(box.current, name)
    const times = spent.map(([at]) => at)
    const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } }
    const series = [{}, { label: 'spent $', stroke: colour('--accent'), width: 2, fill: colour('--accent-soft') }]
    const data = [times, spent.map(([, usd]) => usd)]
    if (cap !== undefined) {
      series.push({ label: 'cap $', stroke: colour('--bad'), dash: [6, 4] })
      data.push(times.map(() => cap))
    }
    const width = () => Math.max(240, box.current.clientWidth)
    const chart = new window.uPlot(
      {
        width: width(),
        height: 220,
        series,
        axes: [axis, axis],
        scales: { y: { range: (_, __, most) => [0, most * 1.05 || 1] } },
      },
      data,
      box.current,
    )
    const resize = new ResizeObserver(() => box.current && chart.setSize({ width: width(), height: 220 }))
    resize.observe(box.current)
    return () => {
      resize.disconnect()
      chart.destroy()
    }
  }, [spent.length, spent.at(-1)?.[1], cap])
  if (spent.length < 2)
    return html`<p class="quiet">A curve comes with the second run of an agent that says what it costs.</p>`
  return html`<div class="chart" ref=${box} role="img" aria-label=${`Spent so far: ${money(spent.at(-1)[1])}`}></div>`
}

export function History({ swarms, chosen, choose }) {
  return html`<${Table} label="History" head=${['swarm', 'state', 'started', 'took', 'workers', 'iterations', 'landed', 'success', 'cost']} empty="No swarm has been run here yet: oompa run"
    rows=${swarms.map((one) => [
      html`<button type="button" class="link" aria-current=${one.swarm === chosen} onClick=${() => choose(one.swarm)}>${one.swarm}</button>`,
      html`<${Badge} kind=${one.state} />`,
      dateAndTime(one.startedAt),
      one.stoppedAt ? since(one.startedAt, Date.parse(one.stoppedAt)) : '–',
      one.workers,
      one.iterations,
      one.landed,
      percent(one.successRate),
      money(one.costUsd, one.estimated),
    ])} />`
}
