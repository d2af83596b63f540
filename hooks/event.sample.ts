// Tells somebody what happens. Without `on` these are the events that a person would want to know: the end of a swarm,
// a change that waits for approval, a budget or a limit that was reached.
import { notify } from 'oompa-loompas'

export default notify({
  desktop: true,
  // webhook: 'https://hooks.slack.com/services/…',
  // run: 'mail -s "$OOMPA_MESSAGE" me@example.com',
})
