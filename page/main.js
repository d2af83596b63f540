// The page: which swarm and which tab stand in the address; everything else comes from the server, again and again.

import { follow, get, signIn } from '/api.js'
import { Tasks } from '/graph.js'
import { html, render, useEffect, useRef, useState } from '/lib/preact.js'
import { Log } from '/log.js'
import { Grid, Pipeline, Problems } from '/overview.js'
import { Badge, clock, count, money, percent, since, span } from '/parts.js'
import { Changes, Cost, History, Queue } from '/tabs.js'

const TABS = ['changes', 'tasks', 'queue', 'cost', 'log', 'history']
/** Events come faster than anybody reads. */
const SOON_MS = 500
const LATER_MS = 5000

function useAddress() {
  const read = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
  const [address, setAddress] = useState(read)
  useEffect(() => {
    const changed = () => setAddress(read())
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  const go = (more) => {
    location.hash = new URLSearchParams({ ...read(), ...more }).toString()
  }
  return [address, go]
}

function App({ repository }) {
  const [address, go] = useAddress()
  const [swarms, setSwarms] = useState([])
  const [facts, setFacts] = useState()
  const [connected, setConnected] = useState(true)
  const [error, setError] = useState()
  const [version, setVersion] = useState(0)
  const [now, setNow] = useState(Date.now())
  const soon = useRef()
  const chosen = /^[0-9a-f]{8}$/.test(address.swarm ?? '')
    ? address.swarm
    : (swarms.find(({ state }) => state === 'running') ?? swarms[0])?.swarm
  const tab = TABS.includes(address.tab) ? address.tab : 'changes'

  const list = () => get('/api/swarms').then(setSwarms, setError)
  const load = (swarm) =>
    get(`/api/swarms/${swarm}`).then(
      (got) => {
        setFacts(got)
        setError(undefined)
        setConnected(true)
        return got
      },
      (wrong) => {
        setError(wrong)
        setConnected(false)
      },
    )

  useEffect(() => {
    list()
    const timers = [setInterval(list, LATER_MS), setInterval(() => setNow(Date.now()), 1000)]
    return () => timers.forEach(clearInterval)
  }, [])

  useEffect(() => {
    if (!chosen) return undefined
    let end = () => {}
    let over = false
    const changed = () => {
      soon.current ??= setTimeout(() => {
        soon.current = undefined
        if (over) return
        load(chosen)
        setVersion((one) => one + 1)
      }, SOON_MS)
    }
    load(chosen).then((got) => {
      if (!over)
        end = follow(chosen, got?.position ?? 0, changed, (on) => {
          setConnected(on)
          // What happened while nobody listened.
          if (on) changed()
        })
    })
    // Limits end, and workers fall silent, without an event.
    const timer = setInterval(changed, LATER_MS)
    return () => {
      over = true
      clearInterval(timer)
      clearTimeout(soon.current)
      soon.current = undefined
      end()
    }
  }, [chosen])

  useEffect(() => {
    const needs = facts?.problems.length ? `(${facts.problems.length}) ` : ''
    document.title = `${needs}${repository} · oompa`
  }, [facts?.problems.length])

  const open = (change) => go({ swarm: chosen, tab: 'changes', change })
  const log = (worker, iteration) => go({ swarm: chosen, tab: 'log', worker, iteration })
  const again = () => {
    load(chosen)
    setVersion((one) => one + 1)
  }
  const shown = facts?.swarm === chosen ? facts : undefined
  const panels = {
    changes: () =>
      html`<${Changes} swarm=${chosen} chosen=${address.change} open=${open} version=${version} changed=${again} />`,
    tasks: () => html`<${Tasks} version=${version} />`,
    queue: () => html`<${Queue} facts=${shown} now=${now} />`,
    cost: () => html`<${Cost} facts=${shown} />`,
    log: () =>
      html`<${Log} swarm=${chosen} worker=${address.worker} iteration=${Number(address.iteration)} choose=${log} version=${version} />`,
    history: () =>
      html`<${History} swarms=${swarms} chosen=${chosen} choose=${(swarm) => go({ swarm, change: '', worker: '', iteration: '' })} />`,
  }
  return html`
    <a class="skip" href="#panel" onClick=${(event) => {
      event.preventDefault()
      document.getElementById('panel')?.focus()
    }}>To the tabs</a>
    <header>
      <h1>${repository}</h1>
      ${shown && html`<${Head} facts=${shown} now=${now} />`}
      ${!connected && html`<p class="error" role="alert">The page's server does not answer. It is tried again; to start it: <code>oompa dash</code></p>`}
      ${error && connected && html`<p class="error" role="alert">${error.message} ${error.mend}</p>`}
    </header>
    <main>
      ${!chosen && html`<p>No swarm has been run in this repository yet. Start one: <code>oompa run</code></p>`}
      ${
        shown &&
        html`
        <${Problems} facts=${shown} now=${now} open=${open} changed=${again} />
        <${Grid} facts=${shown} now=${now} open=${open} log=${log} />
        <${Pipeline} facts=${shown} />
        <section>
          <${Tabs} tab=${tab} choose=${(one) => go({ tab: one })} />
          <div id="panel" role="tabpanel" aria-labelledby=${`tab-${tab}`} tabindex="-1">${panels[tab]()}</div>
        </section>`
      }
    </main>`
}

/** What is left costs and takes, if it goes on as it did. */
function forecastOf({ costUsd, ms }) {
  const parts = [costUsd !== undefined && money(costUsd, true), ms !== undefined && `~${span(ms / 1000)}`].filter(
    Boolean,
  )
  return parts.length > 0 && html` <small>${parts.join(', ')}</small>`
}

function Head({ facts, now }) {
  const { swarm, state, startedAt, stoppedAt, costUsd, estimated, budgetUsd, figures, counts, into } = facts
  const cap = budgetUsd !== null ? ` of ${money(budgetUsd)}` : ''
  const end = state === 'running' || !stoppedAt ? now : Date.parse(stoppedAt)
  // Of the first minutes a rate says nothing.
  const hours = (end - Date.parse(startedAt)) / 3_600_000
  return html`<dl class="facts">
    <div><dt>swarm</dt><dd>${swarm} <${Badge} kind=${state} /></dd></div>
    <div><dt>${state === 'running' ? 'since' : 'from'} ${clock(startedAt)}</dt><dd>${since(startedAt, end)}</dd></div>
    <div><dt>landed${into ? ` on ${into}` : ''}</dt><dd>${counts.landed}${hours > 1 / 6 && html` <small>${(counts.landed / hours).toFixed(1)}/h</small>`}</dd></div>
    <div><dt>success</dt><dd>${percent(figures.successRate)}</dd></div>
    <div><dt>cost</dt><dd>${money(costUsd, estimated)}${cap}</dd></div>
    ${figures.forecast?.tasks > 0 && html`<div><dt>left</dt><dd>${count(figures.forecast.tasks, 'task')}${forecastOf(figures.forecast)}</dd></div>`}
  </dl>`
}

function Tabs({ tab, choose }) {
  const keys = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]
    choose(next)
    document.getElementById(`tab-${next}`)?.focus()
  }
  return html`<div class="tabs" role="tablist" aria-label="More" onKeyDown=${keys}>
    ${TABS.map((one) => html`<button type="button" role="tab" id=${`tab-${one}`} aria-selected=${one === tab} aria-controls="panel" tabindex=${one === tab ? 0 : -1} onClick=${() => choose(one)}>${one}</button>`)}
  </div>`
}

function Closed({ message }) {
  return html`<main><h1>oompa</h1><p>${message}</p><p>Open the page by the link that <code>oompa dash</code> prints.</p></main>`
}

const page = document.getElementById('page')
try {
  await signIn()
  const { repository } = await get('/api')
  render(html`<${App} repository=${repository} />`, page)
} catch (error) {
  render(html`<${Closed} message=${error.message} />`, page)
}
