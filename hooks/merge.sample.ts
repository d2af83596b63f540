// Lands each finished change: merged with the target, tested on the merged tree, one after another, without touching
// what you are editing.
// `oompa add merge` copies this to hooks/merge.ts and fills in the test.
import { mergeQueue } from 'oompa-loompas'

export default mergeQueue({ test: 'npm test' })
