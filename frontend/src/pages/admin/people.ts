/** Who works for the house, its machines, and what was done: the shapes of their addresses. */
import { call } from '../../api/client'
import type { Page } from '../../api/types'

export const ROLES = ['organizer', 'box_office', 'scanner'] as const
export type Role = (typeof ROLES)[number]
export const ROLE_NAMES: Record<Role, string> = { organizer: 'Organizer: runs the house', box_office: 'Box office: sells at the counter', scanner: 'Scanner: admits tickets' }
export const ROLE_CHOICES = ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] }))
export const shortRole = (role: string): string => role.replaceAll('_', ' ')

export type Member = {
  user_id: string; name: string; email: string; role: Role; created_at: string
  second_factor: boolean; second_factor_required: boolean; last_sign_in_at: string | null; disabled_at: string | null
}
/** One that has run out is listed for a week more, to be sent again. */
export type Invitation = { id: string; email: string; role: Role; invited_by: string | null; created_at: string; expires_at: string }
export type Members = Page<Member> & { invitations: Invitation[] }
export const membersPath = (organizer: string) => `/admin/organizers/${organizer}/members`
const invitationPath = (organizer: string, invitation: string) => `/admin/organizers/${organizer}/invitations/${invitation}`
export const invite = (organizer: string, body: { email: string; role: Role }, key: string) => call<Invitation>('POST', membersPath(organizer), body, { key })
export const changeMember = (organizer: string, user: string, role: Role) => call<Member>('PATCH', `${membersPath(organizer)}/${user}`, { role })
export const removeMember = (organizer: string, user: string) => call('DELETE', `${membersPath(organizer)}/${user}`)
export const withdraw = (organizer: string, invitation: string) => call('DELETE', invitationPath(organizer, invitation))
export const resend = (organizer: string, invitation: string, key: string) => call<Invitation>('POST', `${invitationPath(organizer, invitation)}/resend`, undefined, { key })

export type Part = { organizer_id: string; organizer: string; role: Role }
export type AdminUser = {
  id: string; name: string; email: string; email_verified: boolean; role: string; is_admin: boolean; memberships: Part[]
  second_factor: boolean; sessions: number; last_sign_in_at: string | null; disabled_at: string | null; created_at: string
}
export type NewRoles = { is_admin?: boolean; memberships?: { organizer_id: string; role: Role }[] }
export const setRoles = (user: string, roles: NewRoles, key: string) => call<AdminUser>('PUT', `/admin/users/${user}/roles`, roles, { key })
export const endSessions = (user: string, key: string) => call<{ ended: number }>('POST', `/admin/users/${user}/end-sessions`, undefined, { key })

/** What a house keeps of an erased customer for a while, and until when. */
export type Later = { organizer_id: string; until: string; why: 'show_to_come' | 'books' }
export const eraseCustomer = (customer: string, atOnce: boolean, key: string) => call<{ later: Later[] }>('POST', `/admin/customers/${customer}/erase`, { at_once: atOnce }, { key })
export type ApiKey = { id: string; name: string; prefix: string; scopes: string[]; created_at: string; last_used_at: string | null; expires_at: string | null; revoked_at: string | null }
/** The key itself comes once; an answer that is given again has none. */
export type MadeKey = ApiKey & { key?: string }
export type Device = { id: string; name: string; show_id: string | null; created_at: string; last_used_at: string | null; expires_at: string | null; revoked_at: string | null }
export type MadeDevice = Device & { token?: string }

export type AuditEntry = { number: number; at: string; severity: 'notice' | 'warning' | 'alarm' | null; actor: { kind: string; id: string | null; name: string | null }; action: string; organizer_id: string | null; object: { kind: string; id: string } | null; detail: Record<string, unknown>; address: string | null; email: string | null }
export type Retention = { kind: string; days: number; due: number; ran_at: string | null; erased: number; erased_total: number }

export const read = <T>(path: string, signal?: AbortSignal) => call<T>('GET', path, undefined, { signal })
export const readPage = <T>(path: string, after: string | null, signal?: AbortSignal) => {
  const [base = '', query = ''] = path.split('?')
  const params = new URLSearchParams(query)
  params.set('limit', '50')
  if (after) params.set('after', after)
  return call<Page<T>>('GET', `${base}?${params}`, undefined, { signal })
}
