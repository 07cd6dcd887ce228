// The stand-in's accounts: one person, who is who they say they are.
const now = Date.now()
const at = (hoursAgo) => new Date(now - hoursAgo * 3_600_000).toISOString()
const person = { id: 'u', name: 'Ada Example', email: 'ada@example.org', role: 'admin' }
let sessions = [
  { id: 's1', created_at: at(2), last_used_at: at(0.01), address: '192.0.2.17', device: 'Firefox on Linux', current: true },
  { id: 's2', created_at: at(70), last_used_at: at(20), address: '2001:db8::7', device: 'Safari on iPhone', current: false },
  { id: 's3', created_at: at(700), last_used_at: null, address: null, device: null, current: false },
]
const refuse = (status, code, more = {}) => { throw Object.assign(new Error(code), { problem: { status, code, title: code, ...more } }) }

export const ACCOUNT_ROUTES = [
  ['POST', '/auth/login', ({ body }) => body.password === 'wrong' ? refuse(401, 'unauthenticated') : body.password === 'second' ? { mfa: { challenge: 'c', methods: ['totp', 'recovery_code', 'passkey'] } } : { user: person, access_token: 'a', refresh_token: 'r', expires_in: 600 }],
  ['POST', '/auth/mfa/challenge', ({ body }) => (body.code === '000000' ? refuse(401, 'unauthenticated') : { user: person })],
  ['POST', '/auth/register', () => [202]], ['POST', '/auth/forgot-password', () => [202]],
  ['POST', '/auth/verify-email', () => [204]], ['POST', '/auth/reset-password', () => [204]],
  ['PATCH', '/me', ({ body }) => { person.name = body.name; return { user: person } }],
  ['GET', '/me', () => ({ user: person })],
  ['POST', '/me/email', () => [202]], ['POST', '/me/password', ({ body }) => (body.current_password === 'wrong' ? refuse(403, 'forbidden') : [204])],
  ['GET', '/me/sessions', () => ({ items: sessions, next: null })],
  ['DELETE', '/me/sessions/:id', ({ id }) => { sessions = sessions.filter((one) => one.id !== id); return [204] }],
]
