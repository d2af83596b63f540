// Asks you before certain changes land: `oompa approvals`, `oompa approve ID`, `oompa reject ID "why"`. Changes to
// hooks/, prompts/, oompa.json and oompa_loompas.mjs always wait, with this file or without it, and so does what
// configures agents (CLAUDE.md, .claude/, AGENTS.md …): protect and unprotect add to that list and take from it.
import { approval, highRisk, touches, touchesTheTest } from 'oompa-loompas'

export default approval({
  // Continuous integration, package manifests, very large changes; what the test runs from (package.json, Makefile, the
  // script that it names, the runner's configuration); and a rule of one's own.
  when: [...highRisk, touchesTheTest, touches('migrations/**', 'the database')],
})
