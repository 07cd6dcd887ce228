/** Accounts: who somebody is, how they prove it, what is theirs. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { call } from './client'
import type { MyOrder, Order, Page, User } from './types'

/** What a second step may be made with. */
export const FACTORS = ['totp', 'recovery_code', 'passkey'] as const
export type Factor = (typeof FACTORS)[number]
export type SecondStep = { challenge: string; methods: Factor[] }
/** Signed in, or half-way there. */
export type SignInAnswer = { user: User; mfa?: undefined } | { mfa: SecondStep; user?: undefined }

export type Session = { id: string; created_at: string; last_used_at: string | null; address: string | null; device: string | null; current: boolean }

export const signIn = (body: { email: string; password: string }, key: string) => call<SignInAnswer>('POST', '/auth/login', body, { key })
export const register = (body: { name: string; email: string; password: string; locale: string }, key: string) => call('POST', '/auth/register', body, { key })
export const verifyAddress = (token: string, key: string) => call<{ user?: User } | undefined>('POST', '/auth/verify-email', { token }, { key })
export const forgotPassword = (email: string, key: string) => call('POST', '/auth/forgot-password', { email }, { key })
/** What an invitation says to who holds its link, and what they must do next. */
export type InvitationShown = { organizer: { id: string; name: string }; role: string; email: string; expires_at: string; next: 'accept' | 'sign_in' | 'make_account' | 'sign_out' }
export const lookAtInvitation = (token: string) => call<InvitationShown>('POST', '/auth/invitations/look', { token })
export const acceptInvitation = (body: { token: string; name?: string; password?: string; locale?: string }, key: string) => call<{ user: User }>('POST', '/auth/invitations/accept', body, { key })
export const resetPassword = (body: { token: string; password: string }, key: string) => call('POST', '/auth/reset-password', body, { key })

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: async ({ signal }) => (await call<{ user: User }>('GET', '/me', undefined, { signal })).user, retry: false, staleTime: 60_000 })
export const sessionsQuery = queryOptions({ queryKey: ['me', 'sessions'], queryFn: async ({ signal }) => (await call<{ items: Session[] }>('GET', '/me/sessions', undefined, { signal })).items })
export const useSessions = () => useQuery(sessionsQuery)
export const changeProfile = (body: { name: string }, key: string) => call<{ user: User }>('PATCH', '/me', body, { key })
export const changeAddress = (body: { email: string; password: string }, key: string) => call('POST', '/me/email', body, { key })
export const changePassword = (body: { current_password: string; new_password: string }, key: string) => call('POST', '/me/password', body, { key })
export const endSession = (id: string) => call('DELETE', `/me/sessions/${id}`)
export const signOut = () => call('POST', '/auth/logout', {})

export const myOrders = (after: string | null, signal?: AbortSignal) => call<Page<MyOrder>>('GET', `/me/orders?limit=20${after ? `&after=${encodeURIComponent(after)}` : ''}`, undefined, { signal })
/** Makes an order one's own by what stands in its link. */
export const claimOrder = (order: string, token: string, key: string) => call<{ order: Order }>('POST', '/me/orders/claim', { order_id: order, token }, { key })
export const exportMe = () => call<unknown>('GET', '/me/export')
/** What cannot go yet, and until when: for a show that is still to come, or because the books must be kept. */
export type Later = { organizer_id: string; until: string; why: 'show_to_come' | 'books' }
export const deleteMe = (body: { password?: string }, key: string) => call<{ later?: Later[] } | undefined>('DELETE', '/me', body, { key })

export { rememberSignedIn, wasSignedIn } from './hint'
