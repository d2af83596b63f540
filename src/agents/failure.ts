// Tells a limit, a login, a model and a session that do not work apart from a turn that failed. Only words of the CLI
// and its service come here, never the model's.

import { messageLine } from './activity.js'
import type { AgentFailure } from './contract.js'
import { readUntil } from './until.js'

type Kind = Exclude<AgentFailure['kind'], 'missing' | 'timeout' | 'interrupted'>

/** In this order: a message about a session may hold an id with 429 in it, one about a limit may name a model. */
const SIGNS: readonly (readonly [Kind, RegExp])[] = [
  [
    'session',
    /no (?:conversation|rollout|session) found|session(?: id)?\b.{0,80}\b(?:already in use|already exists|not found|does not exist|is locked)|invalid session identifier|error resuming session/i,
  ],
  [
    'limit',
    /\b429\b|too many requests|rate.?limit|(?:usage|session|weekly|daily|hourly|opus|spending|\d.hour) limit|limit (?:has been )?reached|resource.?exhausted|exceeded your current quota|quota (?:exceeded|exhausted|will reset)|exhausted your (?:daily )?(?:quota|capacity)|insufficient.?quota|credit balance is too low|out of credits|\b529\b|overloaded/i,
  ],
  [
    'login',
    /\b401\b|unauthorized|unauthenticated|not (?:logged|signed) in|(?:please )?run [`/]?(?:\w+ )?\/?login|invalid.{0,12}api.?key|api key (?:not valid|is invalid|expired|missing)|missing (?:bearer|api key|environment variable)|authentication.?(?:failed|error)|oauth token (?:has expired|revoked)|token has been (?:invalidated|revoked)|set an auth method|permission_error|must specify the \w+ environment variable/i,
  ],
  [
    'model',
    /model.{0,80}(?:not found|not exist|not supported|not available|no access|unknown)|(?:unknown|invalid|no such|unsupported|selected) model|model_not_found|ModelNotFound|models\/\S+ is not found|requested entity was not found|\b404\b[^\n]{0,40}model/i,
  ],
]

/**
 * What an error of a CLI means.
 * @param message its words, or the service's.
 * @param http the status of the service's answer, where the CLI says it.
 * @param until when a limit ends, where the CLI says it as a number.
 */
export function classify(message: string, http?: number, until?: string, now = Date.now()): AgentFailure {
  const line = messageLine(message) || 'ended without a word'
  const kind = kindOfStatus(http) ?? SIGNS.find(([, sign]) => sign.test(message))?.[0] ?? 'error'
  if (kind !== 'limit') return { kind, message: line }
  const ends = until ?? readUntil(message, now)
  return { kind, message: line, ...(ends ? { until: ends } : {}) }
}

function kindOfStatus(http: number | undefined): Kind | undefined {
  if (http === 429 || http === 529) return 'limit'
  return http === 401 ? 'login' : undefined
}
