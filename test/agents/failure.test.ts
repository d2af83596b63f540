// What services and CLIs say when they refuse, and when it ends: by the shape of the words, not by a list of them.

import { describe, expect, it } from 'vitest'
import { classify } from '../../src/agents/failure.js'
import { readUntil } from '../../src/agents/until.js'

/** A time without a zone is the machine's; here it is UTC, but a service that speaks Chinese has its clock in China. */
const zoneOf = (text: string) => (/[\u4e00-\u9fff]/.test(text) ? undefined : 'UTC')

/** A Wednesday. */
const now = Date.parse('2026-11-25T10:00:00Z')

const texts: readonly (readonly [text: string, kind: string, until?: string])[] = [
  ["You've hit your limit · resets 5pm (Europe/Vilnius)", 'limit', '2026-11-25T15:00Z'],
  ["You've hit your limit · resets 1pm (Asia/Seoul)", 'limit', '2026-11-26T04:00Z'],
  ['Claude AI usage limit reached|1764082800', 'limit', '2025-11-25T15:00Z'],
  ['Claude usage limit reached. Your limit will reset at 3pm (America/Santiago).', 'limit', '2026-11-25T18:00Z'],
  ['5-hour limit reached ∙ resets 3pm', 'limit', '2026-11-25T15:00Z'],
  ['Weekly limit reached ∙ resets Oct 30, 3pm', 'limit', '2027-10-30T15:00Z'],
  ["You've reached your Opus limit · resets 4pm (Etc/GMT+3)", 'limit', '2026-11-25T19:00Z'],
  ["You've hit your session limit · resets 3:30pm (Etc/GMT-5)", 'limit', '2026-11-25T10:30Z'],
  [
    "You've hit your usage limit. Upgrade to Pro (https://openai.com/chatgpt/pricing) or try again in 3 hours 4 minutes.",
    'limit',
    '2026-11-25T13:04Z',
  ],
  [
    "You've hit your usage limit. To get more access now, send a request to your admin or try again at 6:05 PM.",
    'limit',
    '2026-11-25T18:05Z',
  ],
  ['API Error (529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})', 'limit'],
  ['429 已达到 5 小时的使用上限。您的限额将在 2026-11-25 19:04:58 重置。', 'limit', '2026-11-25T11:04:58.000Z'],
  ['Rate limit reached. Please retry after 2026-11-25T11:00:00Z', 'limit', '2026-11-25T11:00Z'],
  ['Failed to authenticate: OAuth session expired and could not be refreshed', 'login'],
  [
    'Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.',
    'login',
  ],
  ['Your organization does not have access to Claude. Please login again or contact your administrator.', 'login'],
  ['OAuth account information not found. Please run /login', 'login'],
  ['Your credit balance is too low to access the Anthropic API.', 'limit'],
  ['Quota exceeded. Check your plan and billing details.', 'limit'],
  ['402 This request requires more credits, or fewer max_tokens.', 'limit'],
  ['Monthly usage limit reached', 'limit'],
  ['Insufficient balance', 'limit'],
  ["You've hit your limit · resets 17:00 (Europe/Vilnius)", 'limit', '2026-11-25T15:00Z'],
  ['You’ve hit your weekly limit · resets Nov 28 at 9am (America/New_York)', 'limit', '2026-11-28T14:00Z'],
  ["You've hit your Sonnet limit · resets Dec 1, 12:00 AM (UTC)", 'limit', '2026-12-01T00:00Z'],
  ["You've hit your Fable limit · resets 11:30pm (Asia/Kolkata)", 'limit', '2026-11-25T18:00Z'],
  ["You're out of extra usage · resets 3pm (UTC)", 'limit', '2026-11-25T15:00Z'],
  ["You're out of usage credits. Add more at claude.ai/settings/usage", 'limit'],
  ['You are out of Codex credits.', 'limit'],
  ["You've reached your monthly spend limit", 'limit'],
  ["You have hit your org's monthly spend limit. Contact your admin.", 'limit'],
  ['Your organization has reached its monthly spend limit · resets Dec 1', 'limit', '2026-12-01T00:00Z'],
  ['Monthly spend limit exceeded for this workspace', 'limit'],
  [
    'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    'limit',
    '2026-12-01T00:00Z',
  ],
  ['5-hour limit reached ∙ resets at 18:30', 'limit', '2026-11-25T18:30Z'],
  ['Opus weekly limit reached ∙ resets Mon 9:00 AM', 'limit', '2026-11-30T09:00Z'],
  ['Session limit reached · resets in 2h 13m', 'limit', '2026-11-25T12:13Z'],
  ['Usage limit reached. Resets tomorrow at 8am (UTC)', 'limit', '2026-11-26T08:00Z'],
  ["You've hit your usage limit. Try again in 2 days 3 hours.", 'limit', '2026-11-27T13:00Z'],
  [
    "You've hit your usage limit. Upgrade to Plus or try again at Nov 27th, 2026 6:05 PM.",
    'limit',
    '2026-11-27T18:05Z',
  ],
  [
    "You've hit your usage limit for gpt-6. Switch to another model now, or try again at 5:12 AM.",
    'limit',
    '2026-11-26T05:12Z',
  ],
  [
    'stream error: exceeded retry limit, last status: 429 Too Many Requests; retrying in 1.5s',
    'limit',
    '2026-11-25T10:00:01.500Z',
  ],
  [
    'unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached","resets_in_seconds":3600,"resets_at":1795604400}}',
    'limit',
    '2026-11-25T11:00Z',
  ],
  [
    'unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached","resets_in_seconds":3600}}',
    'limit',
    '2026-11-25T11:00Z',
  ],
  [
    'Rate limit reached for gpt-5 in organization org-abc on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2.4s.',
    'limit',
    '2026-11-25T10:00:02.400Z',
  ],
  [
    'Rate limit reached for gpt-5 on requests per day (RPD): Limit 200. Please try again in 7m12s.',
    'limit',
    '2026-11-25T10:07:12.000Z',
  ],
  ['You exceeded your current quota, please check your plan and billing details.', 'limit'],
  [
    '[API Error: You have exhausted your capacity on this model. Your quota will reset after 3h12m5s.]',
    'limit',
    '2026-11-25T13:12:05.000Z',
  ],
  [
    '[API Error: {"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"41s"}]}}]',
    'limit',
    '2026-11-25T10:00:41.000Z',
  ],
  ["Quota exceeded for quota metric 'Gemini requests'. Resets at midnight Pacific Time", 'limit', '2026-11-26T08:00Z'],
  ['Daily limit reached. Resets at 00:00 UTC', 'limit', '2026-11-26T00:00Z'],
  ['API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment.', 'limit'],
  ['API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited', 'limit'],
  ['Too many requests. Retry-After: 120', 'limit', '2026-11-25T10:02Z'],
  ['429 {"message":"slow down","retry_after": 30}', 'limit', '2026-11-25T10:00:30.000Z'],
  ['Too Many Requests: retry after Wed, 25 Nov 2026 11:00:00 GMT', 'limit', '2026-11-25T11:00Z'],
  ['Rate limited until 2026-11-25T12:30:00+02:00', 'limit', '2026-11-25T10:30Z'],
  ['Rate limited until 2026-11-25 18:30:00 +0800 CST', 'limit', '2026-11-25T10:30Z'],
  ['Your limit resets at 1795604400', 'limit', '2026-11-25T11:00Z'],
  ['Usage limit reached|1795604400000', 'limit', '2026-11-25T11:00Z'],
  ['limit reached, resets_at: 1795604400', 'limit', '2026-11-25T11:00Z'],
  ["You've hit your limit · resets 3pm (UTC+2)", 'limit', '2026-11-25T13:00Z'],
  ["You've hit your limit · resets 3pm (GMT-5)", 'limit', '2026-11-25T20:00Z'],
  ["You've hit your limit · resets 15:00 UTC", 'limit', '2026-11-25T15:00Z'],
  ["You've hit your limit · resets 3pm PST", 'limit', '2026-11-25T23:00Z'],
  ["You've hit your limit · resets 3pm ET", 'limit', '2026-11-25T20:00Z'],
  ["You've hit your limit · resets 6 PM (Europe/Berlin)", 'limit', '2026-11-25T17:00Z'],
  ["You've hit your limit · resets 3 p.m. (UTC). Upgrade for more.", 'limit', '2026-11-25T15:00Z'],
  ['Limit reached. Please wait 45 seconds before trying again.', 'limit', '2026-11-25T10:00:45.000Z'],
  ['Free usage exceeded, add credits https://opencode.ai/zen or retry in 6 hours', 'limit', '2026-11-25T16:00Z'],
  ['Subscription quota exceeded. Retry in 3hr 5min. You can continue using free models.', 'limit', '2026-11-25T13:05Z'],
  ['Key limit exceeded (daily limit). Manage it using https://openrouter.ai/settings/keys', 'limit'],
  ['Budget has been exceeded! Current cost: 10.2, Max budget: 10.0', 'limit'],
  ['Selected model is at capacity. Please try a different model.', 'limit'],
  ['The model is overloaded. Please try again later.', 'limit'],
  ["We're experiencing high demand right now. Retry in 1 minute.", 'limit', '2026-11-25T10:01Z'],
  ['余额不足或无可用资源包,请充值。', 'limit'],
  ['您的账户已达到速率限制，请您控制请求频率', 'limit'],
  ['已达到每周使用上限，请在 3 小时后重试', 'limit', '2026-11-25T13:00Z'],
  ["You've used all your free messages. Your limit resets in an hour.", 'limit', '2026-11-25T11:00Z'],
  ["Your plan's limit resets PT1H30M", 'limit', '2026-11-25T11:30Z'],
  ['insufficient_quota', 'limit'],
  ['billing hard limit has been reached', 'limit'],
  ['Error: Payment Required', 'limit'],
  ['Credits exhausted', 'limit'],
  ['You have run out of credits', 'limit'],
  ['Out of credits', 'limit'],
  ["You don't have enough credits to make this request", 'limit'],
  ['Weekly usage limit hit. Come back on Friday at 9:00 (UTC)', 'limit', '2026-11-27T09:00Z'],
  ['Your 5-hour usage limit will reset at 2:59 AM UTC', 'limit', '2026-11-26T02:59Z'],
  ["You've hit your limit. It will be available again at 14:45:30", 'limit', '2026-11-25T14:45:30.000Z'],
  ["You've hit your limit. At 3pm your limit resets.", 'limit', '2026-11-25T15:00Z'],
  ['usage limit: retry at 26 Nov 2026 08:00 UTC', 'limit', '2026-11-26T08:00Z'],
  ['Rate limit: try again after 9:00 AM on Dec 2', 'limit', '2026-12-02T09:00Z'],
  ['GoUsageLimitError: 5-hour usage limit reached. Resets in 4h 59m.', 'limit', '2026-11-25T14:59Z'],
  ['limit reached, resets 3pm (Not/AZone)', 'limit'],
  ["You've hit your limit · resets 11:59am", 'limit', '2026-11-25T11:59Z'],
  ["You've hit your limit · resets 12am (UTC)", 'limit', '2026-11-26T00:00Z'],
  ["You've hit your limit · resets 12pm (UTC)", 'limit', '2026-11-25T12:00Z'],
  ["You've hit your limit · resets Nov 26 at 00:30 (Asia/Tokyo)", 'limit', '2026-11-25T15:30Z'],
  ['Not logged in · Please run /login', 'login'],
  ['Invalid API key · Please run /login', 'login'],
  [
    'API Error: 401 {"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired. Please obtain a new token or refresh your existing token."}} · Please run /login',
    'login',
  ],
  ['OAuth token revoked · Please run /login', 'login'],
  ['Your session has expired. Please log in again.', 'login'],
  ['Your authentication session could not be refreshed automatically. Please log out and sign in again.', 'login'],
  [
    'Your access token could not be refreshed because you have since logged out or signed in to another account. Please sign in again.',
    'login',
  ],
  ['Login expired · Please run /login', 'login'],
  ['Please run codex login', 'login'],
  [
    'Incorrect API key provided: sk-abc***. You can find your API key at https://platform.openai.com/account/api-keys.',
    'login',
  ],
  [
    "AI_LoadAPIKeyError: Anthropic API key is missing. Pass it using the 'apiKey' parameter or the ANTHROPIC_API_KEY environment variable.",
    'login',
  ],
  ['No auth credentials found', 'login'],
  ['API key not valid. Please pass a valid API key.', 'login'],
  ['Please set an Auth method in your /home/x/.gemini/settings.json', 'login'],
  ['Failed to login. Message: Request had invalid authentication credentials.', 'login'],
  ['This organization has been disabled.', 'login'],
  ['Your account has been suspended', 'login'],
  ['Could not resolve authentication method. Expected either apiKey or authToken to be set.', 'login'],
  [
    'unexpected status 401 Unauthorized: Your authentication token has been invalidated. Please try signing in again.',
    'login',
  ],
  ['invalid_grant: Token has been expired or revoked.', 'login'],
  ['Your ChatGPT session expired. Sign in again to continue.', 'login'],
  ['Credentials have expired', 'login'],
  ['re-authentication required', 'login'],
  ['Authentication required. Run `opencode auth login`.', 'login'],
  [
    "There's an issue with the selected model (claude-opus-4-8). It may not exist or you may not have access to it. Run --model to pick a different model.",
    'model',
  ],
  ['The model `gpt-9` does not exist or you do not have access to it.', 'model'],
  ['Your organization does not have access to the model claude-x', 'model'],
  ['Prompt is too long', 'error'],
  [
    'API Error: 400 messages.12.content.0: thinking or redacted_thinking blocks in the latest assistant message cannot be modified',
    'error',
  ],
  [
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again',
    'error',
  ],
  ['Context limit reached · /compact or /clear to continue', 'error'],
  ["API Error: Claude's response exceeded the 32000 output token maximum.", 'error'],
  ['Reached max turns (5)', 'error'],
  ['error: exceeded time limit of 600s', 'error'],
  ["TypeError: Cannot read properties of undefined (reading 'x') at foo.js:429:12", 'error'],
  ['JavaScript heap out of memory', 'error'],
  ['EMFILE: too many open files', 'error'],
  ['file size limit exceeded', 'error'],
  ['Maximum call stack size exceeded', 'error'],
  ['SyntaxError: Unexpected token \'<\', "<!DOCTYPE"... is not valid JSON', 'error'],
  ['API Error: 500 {"type":"error","error":{"type":"api_error","message":"Internal server error"}}', 'error'],
  ['fetch failed: ECONNREFUSED', 'error'],
  ['database is locked', 'error'],
  ['error_during_execution', 'error'],
  ['Killed', 'error'],
  ['Request timed out.', 'error'],
  ['Recursion limit reached', 'error'],
  ['ulimit: open files limit reached', 'error'],
]

describe('what an error means, and when a limit ends', () => {
  it.each(texts)('%s', (text = '', kind = '', until) => {
    const failure = classify(text, undefined, undefined, now, zoneOf(text))
    expect(failure.kind).toBe(kind)
    if (kind !== 'limit') return
    expect(failure.until?.replace(/:00\.000Z$/, 'Z')).toBe(until)
  })
})

describe('a number or date that cannot be', () => {
  it.each([
    'try again in 99999999999999 days',
    'retry after 999999999999999999999 s',
    'Please retry in 1e20s',
    'resets Feb 30, 3pm',
    'resets 2026-13-45 99:99',
    'resets 25:99',
    'resets_at: 99999999999999999999',
    'reached|1999999999999',
    'resets 0am',
    'resets 3pm (UTC+99:99)',
    'wait PT99999999999999H',
    'resets Nov 25, 99999 3pm',
  ])('ends no limit and throws nothing: %s', (text) => {
    expect(() => readUntil(text, now, 'UTC')).not.toThrow()
    const until = readUntil(text, now, 'UTC')
    if (until !== undefined) expect(Date.parse(until)).toBeLessThan(now + 400 * 86_400_000)
  })

  it.each([
    ['zeroes', '0'.repeat(200_000)],
    ['resets', 'resets '.repeat(30_000)],
    ['spans', `resets in ${'1d'.repeat(100_000)}`],
    ['spaces', `limit${' '.repeat(200_000)}`],
    ['limits', 'limit reached hit '.repeat(10_000)],
  ])('is read in no time, however long the text: %s', (_, text) => {
    const began = performance.now()
    classify(text, undefined, undefined, now)
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
