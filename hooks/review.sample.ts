// Has another agent read each change before it may land; what it says goes back to the author, three times at most.
// It may also be a function of your own (docs/hooks.md): await context.$`git diff --check ${change.base} ${change.commit}`
// `oompa add review` copies this to hooks/review.ts.
import { reviewer } from 'oompa-loompas'

export default reviewer({ agent: 'codex', prompt: 'prompts/reviewer.md', rounds: 3 })
