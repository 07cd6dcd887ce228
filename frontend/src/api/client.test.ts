import { afterEach, expect, it, vi } from 'vitest'
import { Problem, Unreachable, call, isUncertain, newKey } from './client'

const answer = (status: number, body: string | null, headers: Record<string, string> = {}) => vi.stubGlobal('fetch', vi.fn(async () => new Response(body, { status, headers })))
afterEach(() => vi.unstubAllGlobals())

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
