// Tells a limit, a login, a model and a session that do not work apart from a turn that failed. Only words of the CLI
// and its service come here, never the model's, nor those of another program that writes to the same standard error.

import { messageLine } from './activity.js'
import type { AgentFailure } from './contract.js'
import { object, string } from './json-stream.js'
import { readUntil } from './until.js'

type Kind = Exclude<AgentFailure['kind'], 'missing' | 'timeout' | 'interrupted' | 'exit'>

/** An error is read at its ends: somewhere in between may be a whole request. */
const MOST = 4000

/** What an account may use, that can be used up. */
const AMOUNT = 'limits?|quotas?|caps?|credits?|allowances?|budgets?|usage|balance'
/** What stands before "limit" where it is not the account's: one run's, one request's, the machine's. */
const OTHERS =
  /\b(?:context|output|input|prompt|turns?|steps?|tokens? per|max_tokens|time|timeout|size|length|memory|depth|recursion|lines?|files?|characters?|thinking|window|images?|retry|retries|iterations?|disk|stack|heap|nesting|loop|attempts?|nproc|ulimit|descriptors?)\b/i

const USED_UP = new RegExp(
  `\\b(?:hit|reach(?:ed)?|exceed(?:s|ed)?|exhausted|used (?:up )?(?:all|your|the)|used up|maxed out|over|passed|out of|depleted|no more|no remaining)\\b([^\\n]{0,60}?)\\b(?:${AMOUNT})\\b`,
  'gi',
)
const IS_USED_UP = new RegExp(
  `([^\\n]{0,40}?)\\b(?:${AMOUNT})\\b[^\\n]{0,40}?\\b(?:reached|exceeded|exhausted|used up|depleted|hit|ran out|run out|too low|resets?|renews?|required)\\b`,
  'gi',
)

/** In this order: a message about a session may hold an id with 429 in it, one about a limit may name a model. */
const SIGNS: readonly (readonly [Kind, (text: string) => boolean])[] = [
  [
    'session',
    matches(
      /no (?:conversation|rollout|session) found|session(?: id)?\b.{0,80}\b(?:already in use|already exists|not found|does not exist|is locked)|invalid session identifier|error resuming session/i,
    ),
  ],
  [
    'limit',
    (text) =>
      matches(
        /rate[\s_-]?limit|too many (?:requests|tokens|concurrent)|resource[\s_-]?exhausted|overloaded|\bat capacity\b|high demand|\bthrottl(?:ed|ing)|insufficient[\s_-]*(?:balance|credits?|quota|funds)|(?:not|n't have|not have) enough (?:credits?|balance|quota|funds)|requires? (?:more|additional) credits|payment[\s_-]?required|\b(?:no|0|zero)(?: \w+){0,3} credits\b|\b(?:usage|weekly|daily|hourly|monthly|session|spend(?:ing)?|\d+.hour)[\s_-]limit|billing[\s_](?:error|hard limit|limit)|quota will reset|exhausted your (?:daily )?(?:quota|capacity)/i,
      )(text) ||
      matches(
        /(?:使用|额度|限额|配额|用量|请求|频率|速率|并发)[^\n]{0,12}(?:上限|超出|超过|用尽|用完|耗尽|限制|不足|过多|过高)|余额不足|已达到?[^\n]{0,20}(?:上限|限制)|过于频繁|欠费/,
      )(text) ||
      isUsedUp(text),
  ],
  [
    'model',
    matches(
      /model.{0,80}(?:not found|not exist|not supported|not available|no access|unknown|retired)|(?:unknown|invalid|no such|unsupported|selected) model|have access to (?:the |this )?model|model_not_found|ModelNotFound|models\/\S+ is not found|requested entity was not found|\b404\b[^\n]{0,40}model/i,
    ),
  ],
  [
    'login',
    matches(
      new RegExp(
        [
          /\bunauthori[sz]ed\b|\bunauthenticated\b|not (?:logged|signed) in|logged out|[`(\s]\/login\b|\brun [`"']?(?:\w+ )?(?:auth )?login\b/,
          /\b(?:log|sign)[\s-]?in (?:again|first|required|to continue|expired)|\blogin (?:again|required|expired)|please (?:log|sign)[\s-]?in|\bre-?authenticat|re-?auth(?:orize)?\b/,
          /(?:failed|unable|could not|cannot) (?:to )?(?:authenticate|resolve authentication)|(?:authentication|authorization)[\s_-](?:failed|error|required|expired)|could not be refreshed|invalid_grant|permission_(?:error|denied)|set an auth method/,
          /(?:oauth|access|refresh|auth|bearer|security|your|api) (?:token|session|credentials?|login|account)\b[^\n]{0,60}\b(?:expired|revoked|invalid(?:ated)?|not valid|not found|missing|already used|disabled|rejected)/,
          /(?:token|session|credentials?|login|subscription) (?:has |have |is |was |are )?(?:been )?(?:expired|revoked|invalidated|inactive)|api[\s_-]?key\b[^\n]{0,60}\b(?:expired|revoked|invalid|not valid|not found|missing|not set|required|disabled|rejected|incorrect)/,
          /(?:invalid|incorrect|expired|revoked|missing|no|bad|wrong)\b.{0,12}(?:api[\s_-]?key|access[\s_-]?token|oauth[\s_-]?token|auth(?:entication)? (?:credentials?|token|method)|credentials?\b|bearer)/,
          /missing environment variable|must specify the \w+ environment variable|x-api-key header is required/,
          /(?:organi[sz]ation|account|subscription|workspace)\b[^\n]{0,60}(?:does not have access|has no access|disabled|suspended|deactivated|cancell?ed)/,
          /未登录|请(?:重新)?登录|令牌[^\n]{0,6}(?:过期|无效)|身份验证失败|密钥[^\n]{0,6}(?:无效|错误|不正确)/,
        ]
          .map((part) => part.source)
          .join('|'),
        'i',
      ),
    ),
  ],
]

function matches(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text)
}

/** An amount of the account that is hit, reached, exceeded, or resets; whatever it is called. */
function isUsedUp(text: string): boolean {
  for (const shape of [USED_UP, IS_USED_UP]) {
    for (const [, between = ''] of text.matchAll(shape)) if (!OTHERS.test(between)) return true
  }
  return false
}

/**
 * What an error of a CLI means.
 * @param message its words, or the service's.
 * @param http the status of the service's answer, where the CLI says it.
 * @param until when a limit ends, where the CLI says it as a number.
 * @param zone of a clock time that names none; the machine's unless given.
 */
export function classify(
  message: string,
  http?: number,
  until?: string,
  now = Date.now(),
  zone?: string,
): AgentFailure {
  const line = messageLine(sentenceOf(message)) || 'ended without a word'
  const text = plainWords(message)
  const kind =
    SESSION(text) ?? kindOfStatus(http ?? statusIn(text)) ?? SIGNS.find(([, sign]) => sign(text))?.[0] ?? 'error'
  if (kind !== 'limit') return { kind, message: line }
  const ends = until ?? readUntil(text, now, zone)
  return { kind, message: line, ...(ends ? { until: ends } : {}) }
}

/** The sentence in an error that a service gave as JSON; the text itself where there is none. */
function sentenceOf(text: string): string {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  if (from < 0 || to < from || to - from > MOST) return text
  const said = messageIn(text.slice(from, to + 1))
  if (said === undefined) return text
  const before = text.slice(0, from).trim()
  return before ? `${before} ${said}` : said
}

function messageIn(json: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  for (let inner = object(value); inner; inner = object(inner.error)) {
    const said = string(inner.message) ?? string(inner.error) ?? string(inner.detail) ?? string(inner.result)
    if (said) return said
  }
  return undefined
}

const SESSION = (text: string): Kind | undefined => (SIGNS[0]![1](text) ? 'session' : undefined)

/** Both ends of a text, with one kind of quotation mark and space. */
function plainWords(message: string): string {
  const both = message.length > 2 * MOST ? `${message.slice(0, MOST)}\n${message.slice(-MOST)}` : message
  return both.replace(/[‘’]/g, "'").replace(/[\u00a0\u2009\u202f]/g, ' ')
}

function kindOfStatus(http: number | undefined): Kind | undefined {
  if (http === 429 || http === 529 || http === 402) return 'limit'
  return http === 401 ? 'login' : undefined
}

/** The status of an answer, where a text gives it as one: a number among others (a line, a size) is none. */
function statusIn(text: string): number | undefined {
  const found =
    /^[^\w\n]{0,3}(?:[Ee]rror:? ?)?(401|402|429|529)(?= ?[A-Z\u4e00-\u9fff"{(]|[,;]|: \D|\s*$)/m.exec(text) ??
    /\b(?:status(?:[\s_-]?code)?|http(?:\/[\d.]+)?|code|error|response)["']?\s*[:=(]?\s*(401|402|429|529)\b/i.exec(text)
  return found ? Number(found[1]) : undefined
}

/** Lines that stand on standard error in every run, or are no words: stack traces. */
const NOISE = /^\s*at .+:\d+|^(?:Warning: 256-color|YOLO mode|Ripgrep is not|\[STARTUP\]|WARNING: proceeding)/
/** How the CLIs mark what an MCP server wrote. */
const ANOTHERS = /\bmcp\b|\bmcp[_-]/i

/** The last lines of standard error that are the CLI's own words, without colours. */
export function cliWords(stderr: string): string {
  return stderr
    .replace(/\u001b\[[0-9;?]*[ -/]?[@-~]/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !NOISE.test(line) && !ANOTHERS.test(line))
    .slice(-12)
    .join('\n')
    .trim()
}
