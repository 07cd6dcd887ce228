/** Second steps and passkeys: what the server asks of the browser's authenticator, and what goes back. */
import type { Factor } from './account'
import { call } from './client'
import type { User } from './types'

export const answerChallenge = (body: { challenge: string; method: Factor; code: string }, key: string) => call<{ user: User }>('POST', '/auth/mfa/challenge', body, { key })
