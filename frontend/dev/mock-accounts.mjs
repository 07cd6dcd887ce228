// The stand-in's accounts: one person, who is who they say they are.
const now = Date.now()
const at = (hoursAgo) => new Date(now - hoursAgo * 3_600_000).toISOString()
const person = { id: 'u', name: 'Ada Example', email: 'ada@example.org', role: 'admin' }
let sessions = [
  { id: 's1', created_at: at(2), last_used_at: at(0.01), address: '192.0.2.17', device: 'Firefox on Linux', current: true },
  { id: 's2', created_at: at(70), last_used_at: at(20), address: '2001:db8::7', device: 'Safari on iPhone', current: false },
  { id: 's3', created_at: at(700), last_used_at: null, address: null, device: null, current: false },
]
const standing = { totp: false, passkeys: 1, recovery_codes: 0, required: false }
const codes = Array.from({ length: 10 }, (_, no) => `K${no}QX-7F3K-2M9D-WZ4H`)
const entry = (number, action, severity, actor, more = {}) => ({ number, at: at(number / 7), severity, actor, action, organizer_id: 'o', object: { kind: 'show', id: '0193f2c0-7d1e-7c11-8a55-0c6a5d1f7a10' }, detail: {}, address: '192.0.2.17', email: null, hash: 'ab'.repeat(32), ...more })
const log = [
  entry(7, 'session.reused', 'alarm', { kind: 'user', id: 'u', name: 'Ada Example' }), entry(6, 'sign_in.refused', 'warning', { kind: 'stranger', id: null, name: null }, { email: 'ada@example.org', object: null, detail: { tries: 5 } }),
  entry(5, 'show.published', null, { kind: 'user', id: 'u', name: 'Ada Example' }), entry(4, 'api_key.made', 'notice', { kind: 'user', id: 'u', name: 'Ada Example' }, { detail: { scopes: 'inventory:hold' } }),
]
const refuse = (status, code, more = {}) => { throw Object.assign(new Error(code), { problem: { status, code, title: code, ...more } }) }

const member = (user_id, name, email, role, more = {}) => ({ user_id, name, email, role, created_at: at(900), second_factor: false, second_factor_required: false, last_sign_in_at: null, disabled_at: null, ...more })
const user = (more) => ({ email_verified: true, is_admin: false, memberships: [], second_factor: false, sessions: 0, last_sign_in_at: null, disabled_at: null, created_at: at(900), ...more })

export const ACCOUNT_ROUTES = [
  ['POST', '/auth/login', ({ body }) => body.password === 'wrong' ? refuse(401, 'unauthenticated') : body.password === 'second' ? { mfa: { challenge: 'c', methods: ['totp', 'recovery_code', 'passkey'] } } : { user: person, access_token: 'a', refresh_token: 'r', expires_in: 600 }],
  ['POST', '/auth/mfa/challenge', ({ body }) => (body.code === '000000' ? refuse(401, 'unauthenticated') : { user: person })],
  ['POST', '/auth/register', () => [202]], ['POST', '/auth/forgot-password', () => [202]],
  ['POST', '/auth/verify-email', () => [204]], ['POST', '/auth/reset-password', () => [204]],
  ['PATCH', '/me', ({ body }) => { person.name = body.name; return { user: person } }],
  ['GET', '/me', () => ({ user: person })],
  ['POST', '/me/email', () => [202]], ['POST', '/me/password', ({ body }) => (body.current_password === 'wrong' ? refuse(403, 'forbidden') : [204])],
  ['GET', '/me/sessions', () => ({ items: sessions, next: null })],
  ['GET', '/auth/mfa', () => standing],
  ['POST', '/auth/mfa/enroll', ({ body }) => (body.password === 'wrong' ? refuse(403, 'forbidden') : { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', url: 'otpauth://totp/x', qr_svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21"><path d="M0 0h7v7H0zM14 0h7v7h-7zM0 14h7v7H0zM9 9h3v3H9zM13 15h4v2h-4z"/></svg>' })],
  ['POST', '/auth/mfa/confirm', () => { return { recovery_codes: codes } }],
  ['POST', '/auth/mfa/disable', () => { standing.totp = false; return [204] }], ['POST', '/auth/mfa/recovery-codes', () => ({ recovery_codes: codes })],
  ['GET', '/auth/passkeys', () => ({ items: [{ id: 'k1', name: 'Phone', created_at: at(500), last_used_at: at(3) }], next: null })],
  ['GET', '/auth/oauth', () => ({ items: [{ id: 'google', name: 'Google' }, { id: 'town', name: 'the town\u2019s account' }] })],
  ['GET', '/me/linked-accounts', () => ({ items: [{ id: 'l1', provider: 'google', email: 'ada@example.org', created_at: at(90), last_used_at: null }] })],
  ['GET', '/me/export', () => ({ user: person })], ['DELETE', '/me', () => [204]],
  ['GET', '/admin/organizers', () => ({ items: [{ id: 'o', name: 'The Aisle Houses' }, { id: 'o2', name: 'The Other House' }], next: null })],
  ['GET', '/admin/organizers/:id/members', () => ({
    items: [member('u', 'Ada Example', 'ada@example.org', 'organizer', { second_factor: true, last_sign_in_at: at(1) }), member('u2', 'Somebody with a rather long name', 'somebody.with.a.long.address@example.org', 'box_office', { second_factor_required: true })],
    next: null, invitations: [{ id: 'i1', email: 'new@example.org', role: 'scanner', invited_by: 'Ada Example', created_at: at(78), expires_at: at(-90) }, { id: 'i2', email: 'late@example.org', role: 'box_office', invited_by: null, created_at: at(200), expires_at: at(32) }],
  })],
  ['POST', '/auth/invitations/look', ({ body }) => (body.token === 'old' ? refuse(403, 'link_invalid') : { organizer: { id: 'o', name: 'The Aisle Houses' }, role: 'box_office', email: 'new@example.org', expires_at: at(-90), next: body.token })],
  ['POST', '/auth/invitations/accept', () => ({ user: person })],
  ['POST', '/admin/organizers/:id/members', () => [201, {}]],
  ['GET', '/admin/users', () => ({ items: [user({ ...person, is_admin: true, second_factor: true, sessions: 2, last_sign_in_at: at(1) }), user({ id: 'u2', name: 'Somebody', email: 'some@example.org', role: 'box_office', memberships: [{ organizer_id: 'o', organizer: 'The Aisle Houses', role: 'box_office' }] })], next: null })],
  ['GET', '/admin/api-keys', () => ({ items: [{ id: 'k', name: 'The town\u2019s ticket shop', prefix: 'aislek_7f3k2m', scopes: ['inventory:read', 'inventory:hold'], created_at: at(90), last_used_at: at(1), expires_at: null }], next: null })],
  ['POST', '/admin/api-keys', () => [201, { id: 'k2', key: 'aislek_9d1x0q_GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }]],
  ['GET', '/admin/devices', () => ({ items: [], next: null })],
  ['GET', '/admin/audit-log', () => ({ items: log, next: null })], ['GET', '/admin/system/security-events', () => ({ items: log.filter((one) => one.severity), next: null })],
  ['GET', '/admin/system/retention', () => ({ items: [{ kind: 'ended_sessions', days: 30, due: 3, ran_at: at(1), erased: 12, erased_total: 412 }], next: null })],
  ['DELETE', '/me/sessions/:id', ({ id }) => { sessions = sessions.filter((one) => one.id !== id); return [204] }],
]
