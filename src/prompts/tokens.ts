// `{pending_tasks}` and its like in a person's prompt. Only there: text of tasks and agents is data, and a value that
// has been put in is not looked at again.

export interface TokenValues {
  /** Counts, as `oompa tasks` prints them. */
  readonly task_status: string
  /** `- id: summary`, a line each. */
  readonly pending_tasks: string
  /** The whole queue in markdown, with what each task waits for. */
  readonly queue_md: string
  /** Repository, branch and commit. */
  readonly context_header: string
  /** What the last commits of the target changed. */
  readonly diffstat_md: string
  /** The files that they touched. */
  readonly recent_files_md: string
}

export type Token = keyof TokenValues

const tokens: readonly Token[] = [
  'task_status',
  'pending_tasks',
  'queue_md',
  'context_header',
  'diffstat_md',
  'recent_files_md',
]

const PATTERN = new RegExp(`\\{(${tokens.join('|')})\\}`, 'g')

/** Replaces the tokens of a person's prompt; one without a value becomes nothing, any other brace is left alone. */
export function expandTokens(text: string, values: Partial<TokenValues>): string {
  return text.replace(PATTERN, (_all, token: Token) => values[token] ?? '')
}

/** The tokens that a prompt uses: git is asked only for those. */
export function tokensIn(text: string): ReadonlySet<Token> {
  return new Set(tokens.filter((token) => text.includes(`{${token}}`)))
}
