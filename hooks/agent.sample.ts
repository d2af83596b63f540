// Adds an agent: a program that reads its prompt on standard input, works in the current directory, and prints its
// final message. Used as `--agent my-agent`, `"model": "my-agent"` in oompa.json, or reviewer({ agent: 'my-agent' }).
import { command } from 'oompa-loompas'

export default command('./scripts/my-agent', { name: 'my-agent' })
