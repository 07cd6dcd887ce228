import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { draw, expectAccessible, house, type Answer } from '../../test-house'
import { EraseCustomer } from './EraseCustomer'
import { PeoplePage } from './PeoplePage'

const ada = { id: 'u', name: 'Ada', email: 'ada@example.org', role: 'admin' }
const member = (more: object) => ({ user_id: 'u', name: 'Ada', email: 'ada@example.org', role: 'organizer', created_at: '2026-01-01T10:00:00Z', second_factor: true, second_factor_required: false, last_sign_in_at: null, disabled_at: null, ...more })
const open = { id: 'i', email: 'new@example.org', role: 'scanner', invited_by: null, created_at: '2026-11-01T10:00:00Z', expires_at: '2026-11-08T10:00:00Z' }
const members = (items: object[], invitations: object[] = [], next: string | null = null): Answer => [200, { items, next, invitations }]
const user = (more: object) => ({ id: 'u', name: 'Ada', email: 'ada@example.org', email_verified: true, role: 'admin', is_admin: true, memberships: [], second_factor: false, sessions: 1, last_sign_in_at: null, disabled_at: null, created_at: '2026-01-01T10:00:00Z', ...more })
const rooms = (more: Record<string, Answer>) => house({
  'GET /me': [200, { user: ada }], 'GET /admin/organizers': [200, { items: [{ id: 'o', name: 'House' }, { id: 'p', name: 'Other' }], next: null }],
  'GET /admin/organizers/o/mfa': [200, { mfa_required_for: [] }], 'GET /admin/organizers/o/members': members([]), ...more,
})
const press = (name: string) => userEvent.click(screen.getByRole('button', { name, hidden: true }))
/** The dialog that is open. */
const shown = (): HTMLElement => {
  const dialog = document.querySelector<HTMLElement>('dialog[open]')
  if (!dialog) throw new Error('no dialog is open')
  return dialog
}
afterEach(() => vi.unstubAllGlobals())

it('shows who works for a house and who is asked to, without a fault that a screen reader would stumble over', async () => {
  rooms({ 'GET /admin/organizers/o/members': members([member({}), member({ user_id: 'v', name: 'Bob', role: 'scanner', second_factor: false, second_factor_required: true })], [open]) })
  draw(<PeoplePage />)
  expect(await screen.findByRole('button', { name: 'Remove Bob' })).toBeTruthy()
  expect(screen.getByText('missing: can do nothing until it is set up')).toBeTruthy()
  expect(screen.getByText(/ran out/)).toBeTruthy()
  await screen.findByRole('group', { name: 'Who must sign in with a second step' })
  await expectAccessible()
})

it('says what is empty, and what the role does not allow', async () => {
  const { answers } = rooms({})
  const first = draw(<PeoplePage />)
  expect(await screen.findByText(/Nobody works for this house yet/)).toBeTruthy()
  expect(screen.getByText('No invitation is open.')).toBeTruthy()
  first.unmount()
  answers['GET /admin/organizers/o/members'] = [403, { code: 'forbidden', status: 403 }]
  draw(<PeoplePage />)
  expect((await screen.findByRole('alert')).textContent).toMatch(/Your role does not allow this/)
})

it('invites, sends again and withdraws', async () => {
  const { answers, sent } = rooms({ 'POST /admin/organizers/o/members': [409, { code: 'already_member', status: 409 }], 'POST /admin/organizers/o/invitations/i/resend': [429, { code: 'too_many_requests', status: 429 }, { 'Retry-After': '60' }], 'DELETE /admin/organizers/o/invitations/i': [204] })
  answers['GET /admin/organizers/o/members'] = members([member({})], [open])
  draw(<PeoplePage />)
  await userEvent.type(await screen.findByLabelText('E-mail'), ' new@example.org ')
  await userEvent.selectOptions(screen.getByLabelText('Role'), 'scanner')
  await press('Send the invitation')
  expect(await screen.findByText('This person works for the house already.')).toBeTruthy()
  answers['POST /admin/organizers/o/members'] = [201, open]
  await press('Send the invitation')
  expect(await screen.findByText('An invitation is on its way to new@example.org.')).toBeTruthy()
  expect(sent('POST /admin/organizers/o/members').map((one) => one.body)).toEqual([{ email: 'new@example.org', role: 'scanner' }, { email: 'new@example.org', role: 'scanner' }])
  await press('Send again to new@example.org')
  expect(await screen.findByText(/very fast/)).toBeTruthy()
  await press('Withdraw the invitation of new@example.org')
  await userEvent.click(within(shown()).getByRole('button', { name: 'Withdraw', hidden: true }))
  await waitFor(() => expect(sent('DELETE /admin/organizers/o/invitations/i').length).toBe(1))
})

it('says why the last organizer stays', async () => {
  const { sent } = rooms({ 'GET /admin/organizers/o/members': members([member({})]), 'DELETE /admin/organizers/o/members/u': [409, { code: 'last_organizer', status: 409 }] })
  draw(<PeoplePage />)
  await userEvent.click(await screen.findByRole('button', { name: 'Remove Ada' }))
  await userEvent.click(within(shown()).getByRole('button', { name: 'Remove', hidden: true }))
  expect(await screen.findByText('Nobody else runs this house. Make somebody else its organizer first.')).toBeTruthy()
  expect(sent('DELETE /admin/organizers/o/members/u').length).toBe(1)
})

it('gives an account its roles in one go, and ends its sessions', async () => {
  const bob = user({ id: 'v', name: 'Bob', role: 'scanner', is_admin: false, memberships: [{ organizer_id: 'o', organizer: 'House', role: 'scanner' }] })
  const { answers, sent } = rooms({ 'GET /admin/users': [200, { items: [user({}), bob], next: null }], 'PUT /admin/users/v/roles': [200, bob], 'POST /admin/users/v/end-sessions': [200, { ended: 1 }], 'PUT /admin/users/u/roles': [409, { code: 'last_administrator', status: 409 }] })
  draw(<PeoplePage />)
  await userEvent.click(await screen.findByRole('button', { name: 'Everybody' }))
  await userEvent.click(await screen.findByRole('button', { name: 'Roles of Bob' }))
  await userEvent.selectOptions(screen.getByLabelText('Part in House'), 'none')
  await userEvent.selectOptions(screen.getByLabelText('Add a part in'), 'p')
  await userEvent.selectOptions(screen.getByLabelText('Part in Other'), 'organizer')
  await expectAccessible()
  await press('Save')
  await waitFor(() => expect(sent('PUT /admin/users/v/roles').map((one) => one.body)).toEqual([{ is_admin: false, memberships: [{ organizer_id: 'p', role: 'organizer' }] }]))
  await press('End sessions: Bob')
  await press('End them')
  await waitFor(() => expect(sent('POST /admin/users/v/end-sessions').length).toBe(1))
  await press('Roles of Ada')
  await userEvent.click(screen.getByLabelText(/^Administrator/))
  await press('Save')
  expect(await screen.findByText(/Nobody else administers this server/)).toBeTruthy()
  answers['GET /admin/users'] = [200, { items: [], next: null }]
  await userEvent.type(screen.getByLabelText('Name or address'), 'nobody')
  await press('Search')
  expect(await screen.findByText('Nobody has this in their name or address.')).toBeTruthy()
})

it('erases a customer after a confirmation, at once where that was chosen, and says what must wait', async () => {
  const { answers, sent } = rooms({ 'POST /admin/customers/c/erase': [409, { code: 'order_under_way', status: 409 }] })
  draw(<EraseCustomer customer="c" name="Ottilie" />)
  await press('Erase the customer Ottilie')
  await expectAccessible()
  await press('Erase')
  expect(await screen.findByText(/refund of theirs is under way/)).toBeTruthy()
  answers['POST /admin/customers/c/erase'] = [200, { later: [{ organizer_id: 'o', until: '2030-05-06T17:00:00Z', why: 'show_to_come' }] }]
  await press('Erase')
  expect(await screen.findByText(/a show of theirs is still to come/)).toBeTruthy()
  answers['POST /admin/customers/c/erase'] = [200, { later: [] }]
  await press('Erase the customer Ottilie')
  await userEvent.click(screen.getByLabelText(/^At once/))
  await press('Erase')
  await waitFor(() => expect(sent('POST /admin/customers/c/erase').map((one) => one.body)).toEqual([{ at_once: false }, { at_once: false }, { at_once: true }]))
  await waitFor(() => expect(screen.queryByText(/a show of theirs/)).toBeNull())
})
