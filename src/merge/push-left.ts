// Pushes what is left: a remote that was away for a landing may be there again.

import { OompaError } from '../errors.js'
import { isAncestor } from '../git/ancestry.js'
import { sharedObjects } from '../git/objects.js'
import { remoteOf } from '../git/upstream.js'
import type { LandContext, MergeOptions } from './contract.js'
import { fetchTarget } from './remote.js'
import { landingSession } from './session.js'
import { targetCommit } from './target.js'
import { openTools } from './tools.js'

/**
 * Pushes the target, if it has something that its remote has not. A remote that is away still has been
 * said to be that.
 * @returns an error if the remote refuses it, or both have gone apart
 */
export async function pushLeft(
  context: LandContext,
  into: string,
  options: MergeOptions,
): Promise<OompaError | undefined> {
  const { root } = context
  if (!options.push) return undefined
  const remote = options.remote ?? (await remoteOf(root, into))
  const tools = openTools(root)
  try {
    const known = await tools.objects.info(`refs/remotes/${remote}/${into}^{commit}`)
    if (known && (await isAncestor(root, await targetCommit(tools, into), known.oid))) return undefined
    const timeoutMs = options.remoteTimeoutMs ?? context.remoteTimeoutMs
    const signal = context.remoteSignal ?? context.signal
    const found = await fetchTarget(tools, remote, into, { signal, timeoutMs, swarm: context.env.OOMPA_SWARM })
    if (found.fetch === 'failed') return undefined
    let refused: OompaError | undefined
    const pushRefused = (error: OompaError) => {
      refused = error
    }
    await landingSession(tools, context, { into, options, tested: new Map(), pushRefused }, async () => {})
    return refused
  } catch (error) {
    if (error instanceof OompaError && error.code === 'diverged') return error
    throw error
  } finally {
    tools.close()
  }
}

/** Each time may cost what a name server takes to give up. */
const PUSH_AGAIN_MS = 15_000

/** Gives what asks whether the remote has a commit that landed, and pushes it now and then where it has not. */
export function requirePushed(
  context: LandContext,
  into: string,
  options: MergeOptions,
): (commit: string) => Promise<void> {
  if (!options.push) return async () => {}
  const { root } = context
  let tried = Number.NEGATIVE_INFINITY
  return async (commit) => {
    const remote = options.remote ?? (await remoteOf(root, into))
    const isThere = async () => {
      const known = await sharedObjects(root).info(`refs/remotes/${remote}/${into}^{commit}`)
      return known !== undefined && (await isAncestor(root, commit, known.oid))
    }
    if (await isThere()) return
    if (performance.now() - tried > PUSH_AGAIN_MS) {
      tried = performance.now()
      await pushLeft(context, into, options)
      if (await isThere()) return
    }
    throw new OompaError({
      code: 'unpushed',
      message: `${remote} does not have ${commit.slice(0, 12)} yet.`,
      mend: `git push ${remote} ${into}`,
    })
  }
}
