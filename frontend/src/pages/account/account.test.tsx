import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { safeNext } from '../../components/session'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { Problem } from '../../api/client'
import { Speaking } from '../../i18n'
import { LoginPage } from '../LoginPage'
import { AccountPage } from './AccountPage'
import { DataPage } from './DataPage'
import { SecurityPage } from './SecurityPage'
import { ForgotPasswordPage, RegisterPage, ResetPasswordPage, VerifyPage } from './doors'

type Answer = [status: number, body?: unknown, headers?: Record<string, string>]
const ada = { id: 'u', name: 'Ada', email: 'ada@example.org', role: 'admin' }
/** What the server says, by method and address; anything else is not there. */
let answers: Record<string, Answer | ((body: unknown) => Answer)>
let asked: { what: string; body: unknown; key: string | null }[]

beforeEach(() => {
  asked = []
  answers = { 'GET /site': [200, { name: 'House', demo: false, currency: 'EUR', providers: [], mail: 'smtp' }], 'GET /auth/oauth': [200, { items: [] }] }
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '').replace(/\?.*/, '')}`
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined
    asked.push({ what, body, key: new Headers(init.headers).get('Idempotency-Key') })
    const found = answers[what] ?? [404, { code: 'not_found', status: 404 }]
    const [status, answer, headers] = typeof found === 'function' ? found(body) : found
    return new Response(answer === undefined ? null : JSON.stringify(answer), { status, headers })
  }))
  history.replaceState(null, '', '/')
})
afterEach(() => vi.unstubAllGlobals())

const draw = (page: ReactElement) => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language="en">{page}</Speaking></QueryClientProvider>)
async function expectAccessible() {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}
const sent = (what: string) => asked.filter((one) => one.what === what)

describe('signing in', () => {
  const fill = async (password: string) => {
    await userEvent.type(screen.getByLabelText('E-mail'), ' ada@example.org ')
    await userEvent.type(screen.getByLabelText('Password'), password)
    await userEvent.click(screen.getByRole('button', { name: 'Sign in' }))
  }

  it('says a wrong password in the same words whoever it is, and leads to where one wanted to go', async () => {
    answers['POST /auth/login'] = (body) => ((body as { password: string }).password === 'right' ? [200, { user: ada }] : [401, { code: 'unauthenticated', status: 401 }])
    history.replaceState(null, '', '/login?next=/account/security')
    draw(<LoginPage />)
    await expectAccessible()
    await fill('wrong')
    expect((await screen.findByRole('alert')).textContent).toBe('This e-mail and password do not belong together.')
    await userEvent.clear(screen.getByLabelText('E-mail'))
    await userEvent.clear(screen.getByLabelText('Password'))
    await fill('right')
    await waitFor(() => expect(location.pathname).toBe('/account/security'))
    expect(sent('POST /auth/login').map((one) => one.body)).toEqual([{ email: 'ada@example.org', password: 'wrong' }, { email: 'ada@example.org', password: 'right' }])
    expect(new Set(sent('POST /auth/login').map((one) => one.key)).size).toBe(2)
  })

  it('asks for the second step, tells a wrong code, and begins again', async () => {
    answers['POST /auth/login'] = [200, { mfa: { challenge: 'c', methods: ['totp', 'recovery_code'] } }]
    answers['POST /auth/mfa/challenge'] = (body) => ((body as { code: string }).code === '123456' ? [200, { user: ada }] : [401, { code: 'unauthenticated', status: 401 }])
    draw(<LoginPage />)
    await fill('right')
    const title = await screen.findByRole('heading', { name: 'One more step' })
    expect(document.activeElement).toBe(title)
    await expectAccessible()
    await userEvent.type(screen.getByLabelText('Code from your app'), '999 999')
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }))
    expect((await screen.findByRole('alert')).textContent).toMatch(/not right/)
    await userEvent.click(screen.getByRole('button', { name: 'Recovery code' }))
    expect(screen.getByLabelText('Recovery code')).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: 'App' }))
    await userEvent.type(screen.getByLabelText('Code from your app'), '123 456')
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }))
    await waitFor(() => expect(location.pathname).toBe('/admin'))
    expect(sent('POST /auth/mfa/challenge').map((one) => one.body)).toEqual([{ challenge: 'c', method: 'totp', code: '999999' }, { challenge: 'c', method: 'totp', code: '123456' }])
  })

  it('never leads to another site', () => {
    expect(['/account', '/orders/1#t=x'].map(safeNext)).toEqual(['/account', '/orders/1#t=x'])
    expect(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '', null].map(safeNext)).toEqual([null, null, null, null, null, null])
  })
})

describe('doors that lead through a mail', () => {
  it('say the same whether there is an account or not', async () => {
    answers['POST /auth/register'] = [202]
    draw(<RegisterPage />)
    await expectAccessible()
    await userEvent.type(screen.getByLabelText('Name'), 'Ada')
    await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.org')
    await userEvent.type(screen.getByLabelText('Password'), 'a long enough sentence')
    await userEvent.click(screen.getByRole('button', { name: 'Make the account' }))
    const title = await screen.findByRole('heading', { name: 'Look into your mail' })
    expect(document.activeElement).toBe(title)
    expect(screen.getByText(/We wrote to ada@example.org/)).toBeTruthy()
    expect(sent('POST /auth/register')[0]?.body).toEqual({ name: 'Ada', email: 'ada@example.org', password: 'a long enough sentence', locale: 'en' })
  })

  it('put the focus on the field that was refused', async () => {
    answers['POST /auth/register'] = [422, { code: 'validation_failed', status: 422, errors: [{ field: 'password', message: 'is too easy to guess' }] }]
    draw(<RegisterPage />)
    await userEvent.type(screen.getByLabelText('Name'), 'Ada')
    await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.org')
    await userEvent.type(screen.getByLabelText('Password'), 'passwordpassword')
    await userEvent.click(screen.getByRole('button', { name: 'Make the account' }))
    expect(await screen.findByText('is too easy to guess')).toBeTruthy()
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Password')))
  })

  it('use the token after #, and only on a press', async () => {
    history.replaceState(null, '', '/verify-email#t=abc')
    answers['POST /auth/verify-email'] = [204]
    draw(<VerifyPage />)
    expect(sent('POST /auth/verify-email')).toEqual([])
    await userEvent.click(screen.getByRole('button', { name: 'Yes, this is my address' }))
    expect(await screen.findByRole('heading', { name: 'Your address is confirmed' })).toBeTruthy()
    expect(sent('POST /auth/verify-email').map((one) => one.body)).toEqual([{ token: 'abc' }])
  })

  it('tell of a link that is used up, and of one that is cut off', async () => {
    history.replaceState(null, '', '/reset-password#t=abc')
    answers['POST /auth/reset-password'] = [404, { code: 'not_found', status: 404 }]
    const first = draw(<ResetPasswordPage />)
    await userEvent.type(screen.getByLabelText('New password'), 'a long enough sentence')
    await userEvent.click(screen.getByRole('button', { name: 'Save the password' }))
    expect((await screen.findByRole('alert')).textContent).toMatch(/too old/)
    first.unmount()
    history.replaceState(null, '', '/reset-password')
    draw(<ResetPasswordPage />)
    expect(screen.getByRole('alert').textContent).toMatch(/not complete/)
    expect(screen.getByRole('button', { name: 'Save the password' })).toHaveProperty('disabled', true)
  })

  it('count down where the server says how long to wait', async () => {
    answers['POST /auth/forgot-password'] = [429, { code: 'too_many_requests', status: 429 }, { 'Retry-After': '30' }]
    draw(<ForgotPasswordPage />)
    await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.org')
    await userEvent.click(screen.getByRole('button', { name: 'Send the link' }))
    expect((await screen.findByRole('alert')).textContent).toMatch(/very fast.*Try again in 30 s/)
  })
})

it('counts the seconds for the eye, and says them once to a screen reader', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  try {
    const error = new Problem({ status: 429, code: 'too_many_requests' }, 3000)
    const { container } = draw(<Refusal error={error} />)
    const eye = () => container.querySelector('[aria-hidden="true"]')?.textContent
    expect(eye()).toBe('Try again in 3 s.')
    act(() => { vi.advanceTimersByTime(1500) })
    expect(eye()).toBe('Try again in 2 s.')
    expect(container.querySelector('.out-of-sight')?.textContent).toBe('Try again in 3 s.')
    act(() => { vi.advanceTimersByTime(2000) })
    expect(eye()).toBe('You can try again now.')
  } finally {
    vi.useRealTimers()
  }
})

describe('one’s own pages', () => {
  beforeEach(() => {
    answers['GET /me'] = [200, { user: ada }]
    answers['GET /me/sessions'] = [200, { items: [{ id: 's1', created_at: '2026-11-22T10:00:00Z', last_used_at: null, address: '192.0.2.1', device: 'Firefox on Linux', current: true }, { id: 's2', created_at: '2026-11-20T10:00:00Z', last_used_at: null, address: '', device: '', current: false }] }]
    answers['GET /auth/mfa'] = [200, { password: true, totp: false, passkeys: 0, recovery_codes: 0, required: true }]
    answers['GET /auth/passkeys'] = [200, { items: [] }]
    answers['GET /me/linked-accounts'] = [200, { items: [] }]
  })

  it('lead strangers to the door and back', async () => {
    answers['GET /me'] = [401, { code: 'unauthenticated', status: 401 }]
    history.replaceState(null, '', '/account')
    draw(<AccountPage />)
    await waitFor(() => expect(location.pathname + location.search).toBe('/login?next=%2Faccount'))
  })

  it('end other sessions, and set up a second step whose codes are shown once', async () => {
    answers['DELETE /me/sessions/s2'] = [204]
    answers['POST /auth/mfa/enroll'] = (body) => ((body as { password: string }).password === 'right' ? [200, { secret: 'GEZD', url: 'otpauth://x', qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"/>' }] : [403, { code: 'forbidden', status: 403 }])
    answers['POST /auth/mfa/confirm'] = [200, { recovery_codes: ['AAAA-BBBB', 'CCCC-DDDD'] }]
    history.replaceState(null, '', '/account/security')
    draw(<SecurityPage />)
    await userEvent.click(await screen.findByRole('button', { name: 'End: Unknown device' }))
    await waitFor(() => expect(sent('DELETE /me/sessions/s2').length).toBe(1))
    const part = within(screen.getByRole('region', { name: 'Second step' }))
    expect(part.getByRole('alert').textContent).toMatch(/role in the house/)
    await userEvent.type(part.getByLabelText('Your password, once more'), 'wrong')
    await userEvent.click(part.getByRole('button', { name: 'Set up' }))
    expect(await part.findByText('The present password is not right.')).toBeTruthy()
    await userEvent.clear(part.getByLabelText('Your password, once more'))
    await userEvent.type(part.getByLabelText('Your password, once more'), 'right')
    await userEvent.click(part.getByRole('button', { name: 'Set up' }))
    expect((await part.findByRole('img')).getAttribute('src')).toMatch(/^data:image\/svg\+xml,/)
    await expectAccessible()
    await userEvent.type(part.getByLabelText('The code that the app shows now'), '123456')
    await userEvent.click(part.getByRole('button', { name: 'Turn it on' }))
    expect(await part.findByText('CCCC-DDDD')).toBeTruthy()
    await userEvent.click(part.getByRole('button', { name: 'I have kept them' }))
    expect(part.queryByText('CCCC-DDDD')).toBeNull()
  })

  it('ask for the password before a passkey goes, and not who has none', async () => {
    answers['GET /auth/passkeys'] = [200, { items: [{ id: 'p1', name: 'Phone', created_at: '2026-11-20T10:00:00Z', last_used_at: null }] }]
    answers['DELETE /auth/passkeys/p1'] = (body) => ((body as { password?: string }).password === 'right' ? [204] : [403, { code: 'forbidden', status: 403 }])
    history.replaceState(null, '', '/account/security')
    const { unmount } = draw(<SecurityPage />)
    await userEvent.click(await screen.findByRole('button', { name: 'Remove: Phone' }))
    const dialog = () => within(screen.getByRole('dialog'))
    await userEvent.type(dialog().getByLabelText('Your password, once more'), 'wrong')
    await userEvent.click(dialog().getByRole('button', { name: 'Remove' }))
    expect(await dialog().findByText('The present password is not right.')).toBeTruthy()
    await userEvent.clear(dialog().getByLabelText('Your password, once more'))
    await userEvent.type(dialog().getByLabelText('Your password, once more'), 'right')
    await userEvent.click(dialog().getByRole('button', { name: 'Remove' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    unmount()

    answers['GET /auth/mfa'] = [200, { password: false, totp: false, passkeys: 1, recovery_codes: 10, required: false }]
    answers['DELETE /auth/passkeys/p1'] = [403, { code: 'sign_in_again', status: 403 }]
    draw(<SecurityPage />)
    await screen.findAllByText(/You have no password here/)
    await userEvent.click(await screen.findByRole('button', { name: 'Remove: Phone' }))
    expect(dialog().queryByLabelText('Your password, once more')).toBeNull()
    await userEvent.click(dialog().getByRole('button', { name: 'Remove' }))
    await waitFor(() => expect(sent('DELETE /auth/passkeys/p1').map((one) => one.body)).toEqual([{ password: 'wrong' }, { password: 'right' }, {}]))
    expect((await dialog().findByRole('alert')).textContent).toBeTruthy()
  })

  it('delete the account only when its address was typed', async () => {
    answers['DELETE /me'] = [204]
    draw(<DataPage />)
    await userEvent.click(await screen.findByRole('button', { name: /Delete the account/ }))
    const yes = screen.getByRole('button', { name: 'Delete for ever', hidden: true })
    expect(yes).toHaveProperty('disabled', true)
    await userEvent.type(screen.getByLabelText('Your password, once more'), 'right')
    await userEvent.type(screen.getByLabelText('Type ada@example.org to go on'), 'ada@example.or')
    expect(yes).toHaveProperty('disabled', true)
    await userEvent.type(screen.getByLabelText('Type ada@example.org to go on'), 'g')
    await userEvent.click(yes)
    expect(await screen.findByRole('heading', { name: 'Your account is deleted' })).toBeTruthy()
    expect(sent('DELETE /me').map((one) => one.body)).toEqual([{ password: 'right' }])
  })
})

it('keeps asking where what was confirmed was refused', async () => {
  const run = vi.fn(async () => { throw new Problem({ status: 409, code: 'in_use' }) })
  draw(<Confirm label="Remove" title="Remove it" text={<p>Sure?</p>} yes="Yes, remove" run={run} />)
  await userEvent.click(screen.getByRole('button', { name: 'Remove' }))
  await userEvent.click(screen.getByRole('button', { name: 'Yes, remove', hidden: true }))
  expect(await screen.findByText('Something else still needs it.')).toBeTruthy()
  expect(run).toHaveBeenCalledTimes(1)
})
