/** Who works for the house, its machines, and what was done: the shapes of their addresses. */
import { call } from '../../api/client'
import type { Page } from '../../api/types'

export const ROLES = ['organizer', 'box_office', 'scanner'] as const
export type Role = (typeof ROLES)[number]
export const ROLE_NAMES: Record<Role, string> = { organizer: 'Organizer: runs the house', box_office: 'Box office: sells at the counter', scanner: 'Scanner: admits tickets' }
export const shortRole = (role: string): string => role.replaceAll('_', ' ')

export type Member = { user_id: string; name: string; email: string; role: Role; created_at?: string }
export type Invitation = { id: string; email: string; role: Role; created_at?: string; expires_at: string }
export const membersPath = (organizer: string) => `/admin/organizers/${organizer}/members`
export const invite = (organizer: string, body: { email: string; role: Role }, key: string) => call('POST', `/admin/organizers/${organizer}/members`, body, { key })
export const changeMember = (organizer: string, user: string, role: Role, key: string) => call('PATCH', `/admin/organizers/${organizer}/members/${user}`, { role }, { key })
export const removeMember = (organizer: string, user: string) => call('DELETE', `/admin/organizers/${organizer}/members/${user}`)
export const withdraw = (organizer: string, invitation: string) => call('DELETE', `/admin/organizers/${organizer}/invitations/${invitation}`)

export type AdminUser = { id: string; name: string; email: string; role: string; is_admin: boolean; disabled_at: string | null; created_at: string }
export const setAdmin = (user: string, isAdmin: boolean, key: string) => call('PUT', `/admin/users/${user}/roles`, { is_admin: isAdmin }, { key })

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
