import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { rememberSignedIn } from '../../api/account'
import { draw, expectAccessible, house, type Answer } from '../../test-house'
import { InvitationPage } from './InvitationPage'

const ada = { id: 'u', name: 'Ada', email: 'ada@example.org', role: 'box_office' }
const shown = (next: string): Answer => [200, { organizer: { id: 'o', name: 'The Grand' }, role: 'box_office', email: 'ada@example.org', expires_at: '2026-12-06T10:00:00Z', next }]

beforeEach(() => history.replaceState(null, '', '/invitation#t=abc'))
afterEach(() => { rememberSignedIn(false); vi.unstubAllGlobals() })

it('lets a stranger make an account, and keeps the link while a password is too weak', async () => {
  const { answers, sent } = house({ 'POST /auth/invitations/look': shown('make_account'), 'POST /auth/invitations/accept': [422, { code: 'validation_failed', status: 422, errors: [{ field: 'password', message: 'is too easy to guess' }] }] })
  draw(<InvitationPage />)
  expect(await screen.findByText('The Grand asks you to work with them.')).toBeTruthy()
  expect(screen.getByText('Box office: sells at the counter')).toBeTruthy()
  expect(sent('GET /me')).toEqual([])
  await expectAccessible()
  await userEvent.type(screen.getByLabelText('Name'), ' Ada ')
  await userEvent.type(screen.getByLabelText('Password'), 'passwordpassword')
  await userEvent.click(screen.getByRole('button', { name: 'Make the account and join' }))
  expect(await screen.findByText('is too easy to guess')).toBeTruthy()
  answers['POST /auth/invitations/accept'] = [201, { user: ada, expires_in: 600 }]
  await userEvent.click(screen.getByRole('button', { name: 'Make the account and join' }))
  await waitFor(() => expect(location.pathname).toBe('/admin'))
  expect(sent('POST /auth/invitations/accept')[1]?.body).toEqual({ token: 'abc', name: 'Ada', password: 'passwordpassword', locale: 'en' })
})

it('sends who has an account to the door with the token in no address, and knows it when they are back', async () => {
  const { answers, sent } = house({ 'POST /auth/invitations/look': shown('sign_in') })
  const first = draw(<InvitationPage />, 'de')
  await screen.findByText(/Zu dieser Adresse gibt es ein Konto/)
  expect(screen.getAllByRole('link', { name: 'Anmelden' }).map((one) => one.getAttribute('href'))).toContain('/login?next=%2Finvitation')
  expect(screen.getByText('The Grand lädt Sie zur Mitarbeit ein.')).toBeTruthy()
  first.unmount()
  history.replaceState(null, '', '/invitation')
  rememberSignedIn(true)
  answers['GET /me'] = [200, { user: ada }]
  answers['POST /auth/invitations/look'] = shown('accept')
  answers['POST /auth/invitations/accept'] = [200, { user: ada }]
  draw(<InvitationPage />)
  await userEvent.click(await screen.findByRole('button', { name: 'Join' }))
  await waitFor(() => expect(location.pathname).toBe('/admin'))
  expect(sent('POST /auth/invitations/accept').map((one) => one.body)).toEqual([{ token: 'abc' }])
})

it('lets who is signed in as somebody else sign out, and goes on as a stranger', async () => {
  rememberSignedIn(true)
  const { answers, sent } = house({ 'GET /me': [200, { user: { ...ada, name: 'Eve' } }], 'POST /auth/invitations/look': shown('sign_out'), 'POST /auth/logout': [204] })
  draw(<InvitationPage />)
  expect(await screen.findByText(/You are signed in as Eve, with another address/)).toBeTruthy()
  await expectAccessible()
  answers['POST /auth/invitations/look'] = shown('make_account')
  await userEvent.click(screen.getByRole('button', { name: 'Sign out and go on' }))
  expect(await screen.findByRole('button', { name: 'Make the account and join' })).toBeTruthy()
  expect(sent('POST /auth/logout').length).toBe(1)
  expect(sent('POST /auth/invitations/accept')).toEqual([])
})

it('tells of a link that is used up, of one that is cut off, and of a server that does not answer', async () => {
  const { answers } = house({ 'POST /auth/invitations/look': [403, { code: 'link_invalid', status: 403 }] })
  const first = draw(<InvitationPage />)
  expect((await screen.findByRole('alert')).textContent).toMatch(/used already, withdrawn, or is too old/)
  first.unmount()
  answers['POST /auth/invitations/look'] = [503, { code: 'busy', status: 503 }]
  const second = draw(<InvitationPage />)
  expect(await screen.findByRole('button', { name: 'Try again' })).toBeTruthy()
  second.unmount()
  vi.resetModules()
  history.replaceState(null, '', '/invitation')
  const { InvitationPage: Fresh } = await import('./InvitationPage')
  const { draw: again } = await import('../../test-house')
  again(<Fresh />)
  expect(screen.getByRole('alert').textContent).toMatch(/not complete/)
})
