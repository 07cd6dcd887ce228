/** The one place that talks HTTP. Answers are typed, refusals are `Problem`, a lost connection is `Unreachable`. */
import { isChallenge, pass, type Challenge } from './challenge'
import { rememberSignedIn, rememberUntil, signedInUntil } from './hint'
import type { ProblemBody } from './types'

export const API = '/api/v1'
const TIMEOUT_MS = 20_000

/** The server's answer was no. Decide by `code`; `retryAfterMs` is set where the server named a time. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly seats: readonly string[]
  readonly errors: readonly { field: string; message: string }[]
  readonly retryAfterMs: number | null
  /** What is to be passed before the same request is sent again. */
  readonly challenge: Challenge | null

  constructor(body: ProblemBody, retryAfterMs: number | null = null) {
    super(body.detail ?? body.title ?? body.code)
    this.name = 'Problem'
    this.status = body.status
    this.code = body.code
    this.seats = body.seats ?? []
    this.errors = body.errors ?? []
    this.retryAfterMs = retryAfterMs
    this.challenge = isChallenge(body.challenge) ? body.challenge : null
  }
}

/** Nobody knows whether the server got it: repeat with the same idempotency key. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The server did not answer', { cause })
    this.name = 'Unreachable'
  }
}

export type Proof = { holdToken?: string; orderToken?: string }
/** `seen` is the version that an edit was made from. */
export type CallOptions = Proof & { key?: string; seen?: number; signal?: AbortSignal }
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** True where the same request may succeed later, unchanged, and must carry the same key. */
export function isUncertain(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Problem && (error.status >= 500 || error.code === 'request_in_flight'))
}

/** Challenges that one request leads to: who passed and was not believed may try once more. */
const CHALLENGES_MAX = 2

export async function call<T>(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
  const key = options.key ?? newKey()
  let token: string | undefined
  for (let asked = 0; ; asked++) {
    try {
      return await callOnce<T>(method, path, body, { ...options, key }, token)
    } catch (error) {
      if (!(error instanceof Problem) || !error.challenge || asked === CHALLENGES_MAX) throw error
      const passed = await pass(error.challenge)
      if (passed === null) throw error
      token = passed
    }
  }
}

async function callOnce<T>(method: Method, path: string, body: unknown, options: CallOptions & { key: string }, challenge: string | undefined): Promise<T> {
  const headers = new Headers({ Accept: 'application/json' })
  // What is read from a disk goes as it is: a payout file.
  const file = body instanceof Blob
  if (body !== undefined) headers.set('Content-Type', file ? 'text/csv' : 'application/json')
  if (method !== 'GET') {
    headers.set('Aisle-Csrf', '1')
    headers.set('Idempotency-Key', options.key)
  }
  if (options.seen !== undefined) headers.set('If-Match', `"${options.seen}"`)
  if (options.holdToken) headers.set('Aisle-Hold-Token', options.holdToken)
  if (options.orderToken) headers.set('Aisle-Order-Token', options.orderToken)
  if (challenge) headers.set('Aisle-Challenge', challenge)
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  const send = () => fetch(API + path, { method, headers, body: body === undefined || file ? body : JSON.stringify(body), signal, credentials: 'same-origin' })
  const renewable = !path.startsWith('/auth/')
  let response: Response
  try {
    // An access token is good for ten minutes. Before its end it is renewed; where that was missed, once after a refusal.
    const until = signedInUntil()
    if (renewable && until !== null && until < Date.now()) await renew(until)
    response = await send()
    const now = signedInUntil()
    if (renewable && response.status === 401 && now !== null && (now !== until || (await renew(now)))) response = await send()
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new Unreachable(cause)
  }
  let parsed: unknown
  try {
    const text = await response.text()
    parsed = text === '' ? undefined : JSON.parse(text)
  } catch (cause) {
    // An answer that was cut off tells nobody what happened.
    if (response.ok) throw new Unreachable(cause)
    parsed = null
  }
  if (!response.ok) throw new Problem(asProblem(parsed, response.status), retryAfter(response))
  noteEnd(parsed)
  return parsed as T
}

function noteEnd(parsed: unknown): void {
  if (typeof parsed === 'object' && parsed !== null && 'expires_in' in parsed && typeof parsed.expires_in === 'number') rememberUntil(parsed.expires_in)
}

let renewing: Promise<boolean> | null = null

/** Renews the access token whose end was `seen`; true where it is renewed now, by us or by another tab. */
function renew(seen: number): Promise<boolean> {
  renewing ??= alone(() => renewOnce(seen)).finally(() => {
    renewing = null
  })
  return renewing
}

/** One tab at a time, where the browser has locks. Where not, the server gives parallel tabs the same tokens. */
async function alone(work: () => Promise<boolean>): Promise<boolean> {
  const { locks } = navigator as Partial<Navigator>
  return locks ? await locks.request('aisle.renew', work) : work()
}

async function renewOnce(seen: number): Promise<boolean> {
  if (signedInUntil() !== seen) return signedInUntil() !== null
  const response = await fetch(`${API}/auth/refresh`, { method: 'POST', headers: { Accept: 'application/json', 'Aisle-Csrf': '1' }, signal: AbortSignal.timeout(TIMEOUT_MS), credentials: 'same-origin' })
  if (response.status === 401) rememberSignedIn(false)
  if (!response.ok) return false
  noteEnd(await response.json())
  return true
}

/** At least 22 characters, as a caller without an account must use. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function asProblem(parsed: unknown, status: number): ProblemBody {
  if (typeof parsed === 'object' && parsed !== null && 'code' in parsed && typeof parsed.code === 'string') {
    return { ...(parsed as ProblemBody), status }
  }
  return { status, code: status === 404 ? 'not_found' : status === 429 ? 'too_many_requests' : status >= 500 ? 'busy' : 'unknown' }
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After'))
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null
}
