// The spec.md that `oompa init` writes: a form to fill in, from which no agent can build anything.

export const SAMPLE_SPEC = `# What this repository should become

Say here what the agents are to build: what it does, for whom, and how one can tell that it works. A numbered list of
things that can be checked is worth more than a long text. Each worker reads this file.

1. …

## How it is tested

The command that has to pass, such as \`npm test\`.
`

/** Whether nobody has written into it what is to be built. Pure. */
export function isSampleSpec(text: string): boolean {
  return text.includes('Say here what the agents are to build:')
}
