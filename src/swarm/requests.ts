// What an agent did to the tasks of its worktree is read as requests, and taken out of the change.

import type { Worktree } from '../words.js'
import type { Iteration } from './contract.js'

/** Carries out what may be carried out, and says what is not. */
export async function takeRequests(_iteration: Iteration, _worktree: Worktree): Promise<void> {}
