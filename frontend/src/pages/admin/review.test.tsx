import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Speaking, type Language } from '../../i18n'
import { OrderPage } from '../OrderPage'
import { FraudRules, countriesIn, type Rules } from './FraudRules'
import { AdminOrdersPage } from './OrdersPage'

type Answer = [status: number, body?: unknown]
let answers: Record<string, Answer>
let asked: { what: string; body: unknown; key: string | null; seen: string | null }[]

const finding = { rule: 'mismatch', holds: true, fact: 'card_country', max: null, window_s: null, country: 'BR', text: 'The card is of BR, which is not among the house\u2019s countries.' }
const order = {
  id: 'o', number: 'A-222222', status: 'in_review', customer: { name: 'Ada', email: 'ada@example.org' }, total: { amount: 9000, currency: 'EUR' }, lines: [], pay_by: null, pay_in_ms: null,
  review_by: '2030-05-04T17:00:00Z', payment: null, refunds: [], holds: [], shows: [], exchanges: [], created_at: '2030-05-03T17:00:00Z', confirmed_at: null,
}
const held = { ...order, review: { state: 'wanted', by: order.review_by, findings: [finding], reason: '' } }
const rules: Rules = {
  velocity: { action: 'flag', window_s: 3600, attempts_max: 20, places_max: 60, address_attempts_max: 200, address_places_max: 600 },
  mismatch: { action: 'off', countries: [] }, reuse: { action: 'flag', window_s: 86_400, emails_max: 3 }, decide_within_s: 86_400,
}

beforeEach(() => {
  asked = []
  answers = { 'GET /site': [200, { name: 'House', demo: false, currency: 'EUR', providers: [], mail: 'smtp' }], 'GET /me': [200, { user: { id: 'u', name: 'Ada', email: 'a@example.org', role: 'admin' } }] }
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '')}`
    const headers = new Headers(init.headers)
    asked.push({ what, body: init.body ? JSON.parse(String(init.body)) : undefined, key: headers.get('Idempotency-Key'), seen: headers.get('If-Match') })
    const [status, answer] = answers[what] ?? answers[what.replace(/\?.*/, '')] ?? [404, { code: 'not_found', status: 404 }]
    return new Response(JSON.stringify(answer), { status })
  }))
})
afterEach(() => vi.unstubAllGlobals())

const draw = (page: ReactElement, language: Language = 'en') => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language={language}>{page}</Speaking></QueryClientProvider>)
const sent = (what: string) => asked.filter((one) => one.what === what)

it('tells the buyer of an order that is looked at the truth, and by when they hear', async () => {
  answers['GET /orders/o'] = [200, { order }]
  draw(<OrderPage id="o" />)
  await screen.findByText('We are looking at your order')
  screen.getByText(/nothing has been taken/)
  screen.getByText(/You hear from us by Saturday/)
  answers['POST /orders/o/cancel'] = [200, { order: { ...order, status: 'cancelled' } }]
  await userEvent.click(screen.getByRole('button', { name: 'Rather not wait' }))
  await userEvent.click(screen.getByRole('button', { name: 'Give it up' }))
  await waitFor(() => expect(sent('POST /orders/o/cancel')).toHaveLength(1))
})

it('does not say that the time to pay ran out where the house would not sell', async () => {
  answers['GET /orders/o'] = [200, { order: { ...order, status: 'expired' } }]
  draw(<OrderPage id="o" />, 'de')
  await screen.findByText('Wir konnten diese Bestellung nicht abschließen')
  expect(screen.queryByText('Die Zeit zum Zahlen ist um')).toBeNull()
})

it('lists what waits for a decision, with what was found, and asks before it decides', async () => {
  answers['GET /admin/orders'] = [200, { items: [held], next: null, in_review: 1 }]
  draw(<AdminOrdersPage />)
  await screen.findByText(finding.text)
  await userEvent.click(screen.getByRole('button', { name: 'To decide (1)' }))
  await waitFor(() => expect(sent('GET /admin/orders?limit=50&status=in_review')).toHaveLength(1))
  answers['POST /admin/orders/o/review'] = [409, { code: 'review_closed', status: 409 }]
  await userEvent.click(await screen.findByRole('button', { name: 'Accept order A-222222' }))
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText(/Why/), 'They are known here.')
  expect(sent('POST /admin/orders/o/review')).toHaveLength(0)
  await userEvent.click(within(dialog).getByRole('button', { name: 'Accept and sell' }))
  expect((await screen.findByRole('alert')).textContent).toMatch(/Nobody waits for this decision any more/)
  expect(sent('POST /admin/orders/o/review')[0]?.body).toEqual({ decision: 'accept', reason: 'They are known here.' })
})

it('offers no decision about what was decided or is only marked', async () => {
  const items = [{ ...order, id: 'a', status: 'confirmed', review: { ...held.review, state: 'flagged', by: null } }, { ...order, id: 'b', status: 'expired', review: { ...held.review, state: 'refused', reason: 'No.' } }]
  answers['GET /admin/orders'] = [200, { items, next: null, in_review: 0 }]
  draw(<AdminOrdersPage />)
  await screen.findByText('Marked, and sold')
  screen.getByText('Refused')
  screen.getByText('“No.”')
  expect(screen.queryByRole('button', { name: /^(Accept|Refuse)/ })).toBeNull()
})

it('keeps the rules from the version that was read, and marks the field that is wrong', async () => {
  answers['GET /admin/organizers/h/fraud-rules'] = [200, { rules, version: 4 }]
  answers['PUT /admin/organizers/h/fraud-rules'] = [422, { code: 'validation_failed', status: 422, errors: [{ field: 'reuse.emails_max', message: 'must be at least 1' }] }]
  draw(<FraudRules organizer="h" />)
  const [, mismatch] = await screen.findAllByLabelText('What happens')
  if (!mismatch) throw new Error('there are three rules')
  await userEvent.selectOptions(mismatch, 'hold')
  await userEvent.type(screen.getByLabelText(/Countries/), 'se, dk')
  await userEvent.click(screen.getByRole('button', { name: 'Keep the rules' }))
  await screen.findByText('must be at least 1')
  const [put] = sent('PUT /admin/organizers/h/fraud-rules')
  expect(put?.seen).toBe('"4"')
  expect(put?.body).toEqual({ ...rules, mismatch: { action: 'hold', countries: ['SE', 'DK'] } })
})

it('reads countries however they are written', () => {
  expect(countriesIn(' se, DK;de se')).toEqual(['SE', 'DK', 'DE'])
  expect(countriesIn('')).toEqual([])
})
