// The keys of a swarm's terminal, in a terminal: what they show, and that it is the shell's again on every way out.

import path from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../support/oompa.js'
import { itWith } from '../support/optional.js'
import { cleanEnvironment, temporaryFolder } from '../support/repository.js'
import { type Terminal, terminal } from '../support/tmux.js'

const test = itWith('tmux')

const FEED = `FEED_KEYS=1 NO_COLOR=1 '${process.execPath}' '${path.join(packageRoot, 'test/views/feed.mjs')}'`
const TABLE = /^worker +iter +task +now +time +cost$/m

function open(line: string): Terminal {
  return terminal(line, { cwd: packageRoot, env: cleanEnvironment(temporaryFolder()) })
}

/** The shell's modes after the program: lines are edited, what is typed is seen, Ctrl-C is a signal. */
async function shellHasTheTerminal(screen: Terminal): Promise<void> {
  screen.type("clear; stty -a | tr ' ;' '\\n\\n' | grep -cxE 'icanon|echo|isig' | sed 's/^/modes: /'")
  screen.press('Enter')
  await screen.shows(/^modes: 3$/m)
}

test('l, a and ? show something in place of the table, Esc the table again, and q stops gently', async () => {
  const screen = open(FEED)
  await screen.shows(/3 of 3 at work {2}\? for keys/)
  screen.type('l')
  await screen.shows(/^w1, iteration 1: oompa logs w1 -f\nw1 printed this\nl next worker {2}Esc back$/m)
  screen.type('l')
  expect(await screen.shows(/^w2 printed this$/m)).not.toMatch(TABLE)
  screen.type('a')
  await screen.shows(/^No change waits for you\.\nEsc back$/m)
  screen.type('?')
  await screen.shows(/^q {7}stop gently/m)
  screen.press('Escape')
  expect(await screen.shows(TABLE)).not.toMatch(/stop gently/)
  // What is pasted presses no key.
  screen.type('quit')
  expect(await screen.shows(TABLE)).not.toMatch(/stopping/)
  screen.type('q')
  await screen.shows(/^stopping, 3 to end/m)
  await screen.shows(/Swarm 3f2a91bc ended: told to/)
  await shellHasTheTerminal(screen)
})

test('Ctrl-C ends it as a signal does, and the terminal is the shell’s again', async () => {
  const screen = open(FEED)
  await screen.shows(/\? for keys/)
  screen.press('C-c')
  screen.type('echo status $?')
  screen.press('Enter')
  await screen.shows(/^status 130$/m)
  await shellHasTheTerminal(screen)
})

test('Ctrl-Z leaves the terminal to the shell, and fg goes on with table and keys', async () => {
  const screen = open(FEED)
  await screen.shows(/\? for keys/)
  screen.press('C-z')
  await screen.shows(/Stopped/)
  await shellHasTheTerminal(screen)
  screen.type('fg')
  screen.press('Enter')
  await screen.shows(TABLE)
  screen.type('?')
  await screen.shows(/^q {7}stop gently/m)
  screen.type('q')
  await screen.shows(/Swarm 3f2a91bc ended/)
  await shellHasTheTerminal(screen)
})

test('in the background it neither reads keys nor is stopped for trying to', async () => {
  const screen = open(`${FEED} &`)
  await screen.shows(/3 of 3 at work$/m)
  screen.type('clear; echo typed; jobs; kill %1')
  screen.press('Enter')
  expect(await screen.shows(/^typed$/m)).not.toMatch(/for keys|Stopped/)
  await screen.shows(/Running/)
})
