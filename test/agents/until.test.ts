// When a limit ends, in the words of each service, and what else an error means.

import { describe, expect, it } from 'vitest'
import { classify } from '../../src/agents/failure.js'
import { readUntil } from '../../src/agents/until.js'

const now = Date.parse('2026-11-21T02:14:00Z')

describe('when a limit ends', () => {
  it.each([
    ["You've hit your session limit · resets 3:14am (UTC)", '2026-11-21T03:14:00.000Z'],
    ["You've hit your session limit · resets 1am (UTC)", '2026-11-22T01:00:00.000Z'],
    ["You've hit your weekly limit · resets Nov 25, 3pm (Europe/Berlin)", '2026-11-25T14:00:00.000Z'],
    ['resets Jan 2, 12am (America/New_York)', '2027-01-02T05:00:00.000Z'],
    ['or try again at 3:14 AM.', '2026-11-21T03:14:00.000Z'],
    ['or try again at Nov 24th, 2026 12:05 PM.', '2026-11-24T12:05:00.000Z'],
    ['Please try again in 1 hour 5 minutes.', '2026-11-21T03:19:00.000Z'],
    ['try again in 2 days, 3 hours and 1 minute', '2026-11-23T05:15:00.000Z'],
    ['Please retry in 34.5s.', '2026-11-21T02:14:34.500Z'],
    ['retry after 1500ms', '2026-11-21T02:14:01.500Z'],
    ['Your quota will reset after 18h4m59s.', '2026-11-21T20:18:59.000Z'],
    ['resets soon', undefined],
    ['resets 3am (Nowhere/Atall)', undefined],
    ['', undefined],
  ])('%s', (text, until) => {
    expect(readUntil(text, now, 'UTC')).toBe(until)
  })

  it('is the same moment whatever summer time does in between', () => {
    const before = Date.parse('2026-10-24T22:00:00Z')
    expect(readUntil('resets Oct 25, 9am (Europe/Berlin)', before)).toBe('2026-10-25T08:00:00.000Z')
  })
})

describe('what an error means', () => {
  it.each([
    ['exceeded retry limit, last status: 429 Too Many Requests', 'limit'],
    ['You’ve hit your usage limit. Visit https://chatgpt.com/settings/usage', 'limit'],
    ['API Error: Repeated 529 Overloaded errors', 'limit'],
    ['Credit balance is too low', 'limit'],
    ['You have exhausted your daily quota on this model.', 'limit'],
    ['Invalid API key · Fix external API key', 'login'],
    ['Not logged in · Please run /login', 'login'],
    ['unexpected status 401 Unauthorized: Missing bearer', 'login'],
    ['OAuth token has expired. Please obtain a new token', 'login'],
    ['When using Gemini API, you must specify the GEMINI_API_KEY environment variable.', 'login'],
    ["There's an issue with the selected model (x). It may not exist or you may not have access to it.", 'model'],
    ["The 'gpt-9' model is not supported when using Codex with a ChatGPT account.", 'model'],
    ['unexpected status 404 Not Found: model: nope, url: http://x', 'model'],
    ['ProviderModelNotFoundError: Model not found: a/b', 'model'],
    ['No conversation found with session ID: 4294294291', 'session'],
    ['Error: Session ID 11111111-1111 is already in use.', 'session'],
    ['thread/resume failed: no rollout found for thread id 01a1', 'session'],
    ['Session not found', 'session'],
    ['Error starting session: Session ID "2" already exists.', 'session'],
    ['API Error: 500 Internal server error', 'error'],
    ['npm error 4290 lines', 'error'],
    ['ENOENT: no such file', 'error'],
    ['', 'error'],
  ])('%s', (text, kind) => {
    expect(classify(text).kind).toBe(kind)
  })

  it('goes by the status of the service where the CLI says it', () => {
    expect(classify('x', 429).kind).toBe('limit')
    expect(classify('x', 401).kind).toBe('login')
    expect(classify('rate limits are documented at x', 500).kind).not.toBe('login')
  })

  it('has a message of one line without control characters', () => {
    expect(classify('a\u001b[31m\nb').message).toBe('a [31m b')
    expect(classify('').message).toBe('ended without a word')
  })
})
