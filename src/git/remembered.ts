// Answers about a repository's configuration, kept for a moment: a landing or a start of an agent asks the same again
// and again, and a swarm runs for days, in which its person configures git.

const KEPT_MS = 2000

/** As `ask`, which is not called again within two seconds for the same repository. */
export function remembered<T>(ask: (root: string) => Promise<T>): (root: string) => Promise<T> {
  const known = new Map<string, { readonly asked: number; readonly answer: Promise<T> }>()
  return (root) => {
    const before = known.get(root)
    if (before && performance.now() - before.asked < KEPT_MS) return before.answer
    const answer = ask(root)
    answer.catch(() => known.delete(root))
    known.set(root, { asked: performance.now(), answer })
    return answer
  }
}
