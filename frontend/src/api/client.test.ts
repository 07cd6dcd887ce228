import { afterEach, expect, it, vi } from 'vitest'
import { Problem, Unreachable, call, isUncertain, newKey } from './client'
import { rememberUntil, signedInUntil } from './hint'

const answer = (status: number, body: string | null, headers: Record<string, string> = {}) => vi.stubGlobal('fetch', vi.fn(async () => new Response(body, { status, headers })))
afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
})

it('sends a key, the browser’s proof and the tokens with every change, and nothing of that with a read', async () => {
  answer(200, '{}')
  await call('POST', '/x', { a: 1 }, { key: 'k', holdToken: 'h', orderToken: 'o' })
  const sent = vi.mocked(fetch).mock.calls[0]?.[1]?.headers as Headers
  expect(['Idempotency-Key', 'Aisle-Csrf', 'Aisle-Hold-Token', 'Aisle-Order-Token', 'Content-Type'].map((name) => sent.get(name))).toEqual(['k', '1', 'h', 'o', 'application/json'])
  await call('GET', '/x')
  const read = vi.mocked(fetch).mock.calls[1]?.[1]?.headers as Headers
  expect([read.get('Idempotency-Key'), read.get('Aisle-Csrf')]).toEqual([null, null])
})

it('takes an empty answer for one', async () => {
  for (const status of [202, 204]) {
    answer(status, null)
    await expect(call('POST', '/x')).resolves.toBeUndefined()
  }
})

it('reads a refusal with its seats and the time to wait', async () => {
  answer(409, JSON.stringify({ status: 409, code: 'seats_taken', detail: 'Taken.', seats: ['A-1'] }), { 'Retry-After': '2' })
  const error = await call('POST', '/x').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Problem)
  expect(error).toMatchObject({ code: 'seats_taken', seats: ['A-1'], retryAfterMs: 2000, message: 'Taken.' })
  expect(isUncertain(error)).toBe(false)
})

it('is not sure after a lost line, a cut-off answer or a 503, and names what has no name', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('network') }))
  expect(isUncertain(await call('POST', '/x').catch((thrown: unknown) => thrown))).toBe(true)
  answer(200, '{"hold": {"id')
  expect(await call('POST', '/x').catch((thrown: unknown) => thrown)).toBeInstanceOf(Unreachable)
  answer(503, '<html>')
  const busy = await call('POST', '/x').catch((thrown: unknown) => thrown)
  expect(busy).toMatchObject({ code: 'busy', status: 503 })
  expect(isUncertain(busy)).toBe(true)
  answer(404, 'gone')
  expect(await call('GET', '/x').catch((thrown: unknown) => thrown)).toMatchObject({ code: 'not_found' })
})

it('makes keys that no stranger meets', () => {
  const keys = new Set(Array.from({ length: 100 }, newKey))
  expect(keys.size).toBe(100)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{36}$/)
})

/** A server whose access token is good or not, and that renews it or not. */
function server({ good, renews }: { good: boolean; renews: boolean }) {
  const asked: string[] = []
  let valid = good
  vi.stubGlobal('fetch', vi.fn(async (url: string, init: RequestInit) => {
    asked.push(`${init.method} ${url.replace('/api/v1', '')} ${new Headers(init.headers).get('Idempotency-Key') ?? ''}`.trim())
    if (url.endsWith('/auth/refresh')) {
      valid = renews
      return renews ? new Response('{"expires_in": 600}') : new Response('{"code": "unauthenticated"}', { status: 401 })
    }
    return valid ? new Response('{"ok": true}') : new Response('{"code": "unauthenticated"}', { status: 401 })
  }))
  return asked
}

it('renews an access token once after a refusal, for all who wait, and repeats each with its own key', async () => {
  rememberUntil(600)
  const asked = server({ good: false, renews: true })
  await Promise.all([call('POST', '/x', {}, { key: 'k1' }), call('GET', '/y')])
  expect(asked.filter((one) => one.includes('/auth/refresh'))).toEqual(['POST /auth/refresh'])
  expect(asked.filter((one) => one.includes('/x'))).toEqual(['POST /x k1', 'POST /x k1'])
  expect(asked.filter((one) => one.includes('/y'))).toEqual(['GET /y', 'GET /y'])
})

it('renews before the end, so that nothing is asked as a stranger', async () => {
  rememberUntil(1)
  const asked = server({ good: true, renews: true })
  await call('GET', '/x')
  await call('GET', '/x')
  expect(asked).toEqual(['POST /auth/refresh', 'GET /x', 'GET /x'])
  expect(signedInUntil()).toBeGreaterThan(Date.now() + 500_000)
})

it('asks nothing for a stranger, and gives up when the session has ended', async () => {
  let asked = server({ good: false, renews: true })
  await expect(call('GET', '/x')).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(asked).toEqual(['GET /x'])
  rememberUntil(600)
  asked = server({ good: false, renews: false })
  await expect(call('GET', '/x')).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(asked).toEqual(['GET /x', 'POST /auth/refresh'])
  expect(signedInUntil()).toBeNull()
  await expect(call('POST', '/auth/login', {})).rejects.toMatchObject({ code: 'unauthenticated' })
  expect(asked.length).toBe(3)
})
