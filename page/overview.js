// Above the tabs: what needs a person, the two axes of the loop, and the way of a change.

import { mayAct, send } from '/api.js'
import { html, useState } from '/lib/preact.js'
import { Badge, Command, count, since, span } from '/parts.js'

const KINDS = {
  approval: 'approve',
  crashed: 'crashed',
  edit: 'your edit',
  limit: 'limit',
  login: 'login',
  missing: 'missing',
  stopped: 'ended',
  stuck: 'silent',
  warning: 'note',
}

export function Problems({ facts, now, open, changed }) {
  const { problems } = facts
  return html`<section class="problems" aria-labelledby="problems">
    <h2 id="problems">${problems.length ? 'Needs you' : 'Nothing needs you'}</h2>
    ${
      problems.length > 0 &&
      html`<ul>${problems.map(
        (one) => html`<li key=${one.approval ?? one.text} class="problem is-${one.kind}">
        <${Badge} kind=${one.kind}>${KINDS[one.kind] ?? one.kind}<//>
        <div>
          <p>${one.text}${one.since && html` <span class="quiet">since ${since(one.since, now)}</span>`}</p>
          ${
            one.approval
              ? html`<${Decide} id=${one.approval} open=${() => open(one.approval.split('-').slice(0, 2).join('-'))} changed=${changed} />`
              : one.command && html`<${Command} text=${one.command} />`
          }
        </div>
      </li>`,
      )}</ul>`
    }
  </section>`
}

/** Approve and reject: the same as the commands do, with their words. */
export function Decide({ id, open, changed }) {
  const [state, setState] = useState({})
  const [why, setWhy] = useState()
  if (!mayAct()) return html`<${Command} text=${`oompa approve ${id}`} />`
  const act = async (what, body) => {
    setState({ busy: what })
    try {
      await send(`/api/approvals/${encodeURIComponent(id)}/${what}`, body)
      setState({ done: what === 'approve' ? 'It has landed.' : 'It goes back to its author.' })
    } catch (error) {
      setState({ error: error.message })
    }
    changed()
  }
  if (state.done) return html`<p role="status">${state.done}</p>`
  return html`<div class="decide">
    <div class="buttons">
      ${open && html`<button type="button" onClick=${open}>Look at it</button>`}
      <button type="button" class="main" disabled=${state.busy} onClick=${() => act('approve')}>
        ${state.busy === 'approve' ? 'Merging and testing …' : 'Approve and land'}
      </button>
      <button type="button" disabled=${state.busy} aria-expanded=${why !== undefined} onClick=${() => setWhy(why === undefined ? '' : undefined)}>Reject …</button>
    </div>
    ${
      why !== undefined &&
      html`<form onSubmit=${(event) => {
        event.preventDefault()
        act('reject', { reason: why })
      }}>
      <label>What should its author mend?
        <textarea rows="3" value=${why} onInput=${(event) => setWhy(event.target.value)} required></textarea>
      </label>
      <button type="submit" disabled=${state.busy || why.trim() === ''}>Send it back</button>
    </form>`
    }
    ${state.error && html`<pre class="error" role="alert">${state.error}</pre>`}
  </div>`
}

const SIGNS = {
  done: '✓',
  failed: '✗',
  interrupted: '‖',
  kept: '⚑',
  landed: '●',
  nothing: '·',
  refused: '↩',
  waiting: '?',
}

/** Workers × iterations: a cell for each iteration, that says what became of it. */
export function Grid({ facts, now, open, log }) {
  return html`<section aria-labelledby="grid">
    <h2 id="grid">Workers × iterations</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Workers and iterations">
      <table class="grid">
        <thead><tr><th scope="col">worker</th><th scope="col">now</th><th scope="col">iterations</th></tr></thead>
        <tbody>${facts.workers.map((worker) => html`<${Row} key=${worker.worker} worker=${worker} now=${now} open=${open} log=${log} />`)}</tbody>
      </table>
    </div>
    <p class="legend quiet">${Object.entries(SIGNS).map(([outcome, sign]) => html`<span><b class="cell is-${outcome}" aria-hidden="true">${sign}</b> ${outcome}</span> `)}</p>
  </section>`
}

function Row({ worker, now, open, log }) {
  const { worker: name, state, iteration, iterations, ended, earlier, doing, task, agent, startedAt, attempt } = worker
  const going = state !== 'ended' && state !== 'idle' && iteration > (ended.at(-1)?.[0] ?? 0)
  const left = Math.max(0, Math.min(iterations - iteration, 60))
  return html`<tr>
    <th scope="row"><button type="button" class="link" onClick=${() => log(name, iteration)} title=${agent}>${name}</button></th>
    <td class="now">
      <${Badge} kind=${state} /> ${going && html`<span class="quiet">${since(startedAt, now)}${attempt > 1 ? `, attempt ${attempt}` : ''}</span>`}
      <span class="doing">${[task, doing].filter(Boolean).join(' · ')}</span>
    </td>
    <td><div class="cells">
      ${earlier > 0 && html`<span class="quiet">+${earlier}</span>`}
      ${ended.map(
        ([number, outcome, of]) =>
          html`<button type="button" key=${number} class="cell is-${outcome}" title=${`${name} iteration ${number}: ${outcome} ${of}`} aria-label=${`${name}, iteration ${number}: ${outcome}`} onClick=${() => open(`${name}-${number}`)}>${SIGNS[outcome] ?? '·'}</button>`,
      )}
      ${going && html`<button type="button" class="cell is-going" aria-label=${`${name}, iteration ${iteration}: at work`} onClick=${() => log(name, iteration)}>${iteration}</button>`}
      ${left > 0 && html`<span class="left" aria-label=${`${count(left, 'iteration')} left`}>${'○'.repeat(Math.min(left, 6))}${left > 6 ? ` +${left - 6}` : ''}</span>`}
    </div></td>
  </tr>`
}

/** Stages in the order of a change's way: the phases of workers that are there, and whose time it is. */
const STAGES = [
  ['claimed', ['preparing', 'planning'], 'preparing'],
  ['working', ['working'], 'working'],
  ['review', ['reviewing'], 'reviewing'],
  ['queue', ['queued', 'waiting'], 'queued'],
  ['testing', ['testing'], 'testing'],
]

export function Pipeline({ facts }) {
  const { workers, figures, counts } = facts
  return html`<section aria-labelledby="pipeline">
    <h2 id="pipeline">Pipeline</h2>
    <ol class="pipeline">
      ${STAGES.map(([name, phases, stage]) => {
        const there = workers.filter(({ state }) => phases.includes(state)).length
        return html`<li class=${there ? 'busy' : ''}><b>${there}</b><span>${name}</span><small>${figures.stages[stage] ? `${span(figures.stages[stage].median)} each` : '–'}</small></li>`
      })}
      <li class="end"><b>${counts.landed}</b><span>landed</span><small>${figures.timeToMerge.count ? `${span(figures.timeToMerge.median)} to merge` : '–'}</small></li>
    </ol>
  </section>`
}
