// How a swarm is asked to end, by a person and by what goes wrong.

import { expect, test } from 'vitest'
import { STATUS } from '../../src/errors.js'
import { makeStopping } from '../../src/swarm/stopping.js'

test('a failure after `oompa stop` is what the swarm ends with, and no other reason takes the place of the first', () => {
  const stop = makeStopping()
  stop.gently('oompa stop', STATUS.done)
  stop.gently('the budget is spent', STATUS.limit)
  expect([stop.why, stop.status]).toEqual(['oompa stop', STATUS.done])
  stop.gently('the remote and main have gone apart', STATUS.failed)
  expect([stop.why, stop.status]).toEqual(['the remote and main have gone apart', STATUS.failed])
  stop.gently('oompa stop', STATUS.done)
  expect(stop.status).toBe(STATUS.failed)

  const interrupted = makeStopping()
  interrupted.now('interrupted by Ctrl-C', STATUS.interrupted)
  interrupted.gently('the remote and main have gone apart', STATUS.failed)
  expect([interrupted.why, interrupted.status]).toEqual(['interrupted by Ctrl-C', STATUS.interrupted])
})
