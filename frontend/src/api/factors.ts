/** Second steps, passkeys and other houses' accounts. */
import type { Factor, SignInAnswer } from './account'
import { call } from './client'
import { makePasskey, showPasskey } from './webauthn'
import type { User } from './types'

/** Answers the question that signing in asked. */
export const answerChallenge = (body: { challenge: string; method: Factor; code: string }, key: string) => call<{ user: User }>('POST', '/auth/mfa/challenge', body, { key })

export type Standing = { password: boolean; totp: boolean; passkeys: number; recovery_codes: number; required: boolean }
export type Enrolment = { secret: string; url: string; qr_svg: string }
export const readStanding = (signal?: AbortSignal) => call<Standing>('GET', '/auth/mfa', undefined, { signal })
export const enroll = (body: Proof, key: string) => call<Enrolment>('POST', '/auth/mfa/enroll', proof(body), { key })
export const confirmEnrolment = (code: string, key: string) => call<{ recovery_codes: string[] | null }>('POST', '/auth/mfa/confirm', { code }, { key })
/** That it is really them: the password, or nothing of who has none and has just signed in. */
export type Proof = { password: string; code?: string }
const proof = ({ password, ...more }: Proof) => ({ ...(password ? { password } : {}), ...more })
export const disableTotp = (body: Proof, key: string) => call('POST', '/auth/mfa/disable', proof(body), { key })
export const renewRecoveryCodes = (body: Proof, key: string) => call<{ recovery_codes: string[] | null }>('POST', '/auth/mfa/recovery-codes', proof(body), { key })

export type Passkey = { id: string; name: string; created_at: string; last_used_at: string | null }
type Ceremony = { ceremony: string; options: { publicKey: Record<string, unknown> } }
export const readPasskeys = async (signal?: AbortSignal) => (await call<{ items: Passkey[] }>('GET', '/auth/passkeys', undefined, { signal })).items
export const renamePasskey = (id: string, name: string, key: string) => call('PATCH', `/auth/passkeys/${id}`, { name }, { key })
export const removePasskey = (id: string, body: Proof, key: string) => call('DELETE', `/auth/passkeys/${id}`, proof(body), { key })

/** Two questions to the server, with the device between them. A ceremony works once: each try is a new one. */
export async function addPasskey(body: { name: string; password: string }): Promise<{ recovery_codes?: string[] | null }> {
  const { ceremony, options } = await call<Ceremony>('POST', '/auth/passkeys/register/start', proof({ password: body.password }))
  const credential = await makePasskey(options)
  return call('POST', '/auth/passkeys/register/finish', { ceremony, name: body.name, credential })
}

/** Signs in by a passkey alone, or answers the question for a second step by one. */
export async function signInByPasskey(challenge: string | null): Promise<SignInAnswer> {
  const { ceremony, options } = await call<Ceremony>('POST', '/auth/passkeys/login/start', challenge ? { challenge } : {})
  const credential = await showPasskey(options)
  return call('POST', '/auth/passkeys/login/finish', { ceremony, credential })
}

export type Provider = { id: string; name: string }
export type Linked = { id: string; provider: string; email: string | null; created_at: string; last_used_at: string | null }
export const readProviders = async (signal?: AbortSignal) => (await call<{ items: Provider[] }>('GET', '/auth/oauth', undefined, { signal })).items
export const readLinked = async (signal?: AbortSignal) => (await call<{ items: Linked[] }>('GET', '/me/linked-accounts', undefined, { signal })).items
/** Begins to connect; the answer is where the browser goes. */
export const link = (provider: string, body: { password: string; next: string }, key: string) => call<{ url: string }>('POST', `/auth/oauth/${encodeURIComponent(provider)}/link`, { ...proof({ password: body.password }), next: body.next }, { key })
export const unlink = (id: string, body: Proof, key: string) => call('DELETE', `/me/linked-accounts/${id}`, proof(body), { key })
/** Where the browser goes to be signed in by another house, and which page it comes back to. */
export const oauthStart = (provider: string, next: string) => `/api/v1/auth/oauth/${encodeURIComponent(provider)}/start?next=${encodeURIComponent(next)}`
