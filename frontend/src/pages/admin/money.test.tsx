import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Speaking } from '../../i18n'
import { DisputeRule } from './DisputeRule'
import { MoneyReports } from './MoneyReports'
import { MoneyWork } from './MoneyWork'
import { Payouts } from './Payouts'
import { lastDays } from './money'

type Answer = [status: number, body?: unknown]
let answers: Record<string, Answer>
let asked: { what: string; body: unknown; kind: string | null; key: string | null; seen: string | null }[]

const euro = (amount: number) => ({ amount, currency: 'EUR' })
const item = {
  id: 'w', kind: 'refund_failed', order: { id: 'o', number: 'A-222222' }, amount: euro(9000), since: '2030-05-04T17:00:00Z', provider: 'sandbox', detail: null, meaning: 'The provider would not make this refund.',
  to_do: 'Cancel the tickets again.', closed: null,
}
const run = { id: 'r', file_name: 'november.csv', format: 'generic', provider: 'sandbox', first_day: '2030-05-01', last_day: '2030-05-04', at: '2030-05-04T17:00:00Z', counts: { matched: 3, different: 1, unknown: 0, missing: 1, known: 0 }, fees: [euro(305)], paid_out: [] }

beforeEach(() => {
  asked = []
  answers = {}
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '')}`
    const headers = new Headers(init.headers)
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : init.body
    asked.push({ what, body, kind: headers.get('Content-Type'), key: headers.get('Idempotency-Key'), seen: headers.get('If-Match') })
    const [status, answer] = answers[what] ?? answers[what.replace(/\?.*/, '')] ?? [404, { code: 'not_found', status: 404 }]
    return new Response(status === 204 ? null : JSON.stringify(answer), { status })
  }))
})
afterEach(() => vi.unstubAllGlobals())

const draw = (page: ReactElement) => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language="en">{page}</Speaking></QueryClientProvider>)
const sent = (what: string) => asked.filter((one) => one.what === what)

it('says that nothing waits where nothing does', async () => {
  answers['GET /admin/money-work'] = [200, { items: [], next: null, counts: [{ kind: 'overpaid', count: 0 }] }]
  draw(<MoneyWork />)
  await screen.findByText('Nothing waits.')
})

it('says what happened and what to do, and closes with a note under one key', async () => {
  answers['GET /admin/money-work'] = [200, { items: [item], next: null, counts: [{ kind: 'refund_failed', count: 1 }] }]
  answers['POST /admin/money-work/w/done'] = [503, { code: 'busy', status: 503 }]
  draw(<MoneyWork />)
  await screen.findByText('The provider would not make this refund.')
  screen.getByText('Refund failed: 1')
  await userEvent.click(screen.getByRole('button', { name: 'Close: Refund failed, order A-222222' }))
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText(/What was done/), 'Bank transfer')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Close it' }))
  await within(dialog).findByRole('alert')
  answers['POST /admin/money-work/w/done'] = [204]
  await userEvent.click(within(dialog).getByRole('button', { name: 'Close it' }))
  await waitFor(() => expect(sent('POST /admin/money-work/w/done')).toHaveLength(2))
  const [first, second] = sent('POST /admin/money-work/w/done')
  expect(first?.body).toEqual({ note: 'Bank transfer' })
  expect(first?.key).toBe(second?.key)
})

it('shows a report of the chosen days, and the same as a file', async () => {
  const figures = { tickets_sold: 2, tickets_given_back: 0, gross: euro(9000), discounts: euro(0), fees: euro(0), taxes: euro(0), refunds: euro(0), kept: euro(0), chargebacks: euro(0), net: euro(9000) }
  answers['GET /admin/reports/sales'] = [200, { from: '2030-05-01', to: '2030-05-04', rows: [{ show: { id: 's', title: 'Hamlet', starts_at: '2030-05-04T17:00:00Z' }, day: null, provider: null, ...figures }], totals: [figures] }]
  answers['GET /admin/reports/payments'] = [200, { from: '2030-05-01', to: '2030-05-04', rows: [], totals: [] }]
  draw(<MoneyReports />)
  await screen.findByText(/Hamlet/)
  const file = screen.getByRole('link', { name: 'This report as CSV' })
  expect(file.getAttribute('href')).toMatch(/^\/api\/v1\/admin\/reports\/sales\?by=show&from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d&format=csv$/)
  await userEvent.click(screen.getByRole('button', { name: 'Payments' }))
  await screen.findByText('Nothing was booked in these days.')
  expect(asked.some((one) => one.what.startsWith('GET /admin/reports/payments?by=provider&'))).toBe(true)
})

it('takes the last thirty days by the calendar', () => {
  expect(lastDays(new Date(2030, 2, 1))).toEqual({ from: '2030-01-31', to: '2030-03-01' })
})

it('brings a payout file as it is, and shows what came of it or which line is wrong', async () => {
  answers['GET /admin/reports/payouts'] = [200, { items: [], next: null }]
  answers['POST /admin/reports/payouts'] = [422, { code: 'validation_failed', status: 422, errors: [{ field: 'file', message: 'line 3: net is not gross less fee' }] }]
  draw(<Payouts organizer="h" />)
  await screen.findByText('No file was brought yet.')
  const file = new File(['provider,reference\n'], 'november.csv', { type: 'text/csv' })
  await userEvent.upload(screen.getByLabelText(/payout file/), file)
  await userEvent.click(screen.getByRole('button', { name: 'Compare and book' }))
  await screen.findByText(/line 3: net is not gross less fee/)
  expect(sent('POST /admin/reports/payouts?organizer_id=h&file_name=november.csv')[0]).toMatchObject({ body: file, kind: 'text/csv' })
  answers['POST /admin/reports/payouts'] = [201, { run }]
  const line = { position: 1, result: 'different', kind: 'payment', reference: 'sb_1', gross: euro(4400), fee: euro(150), net: euro(4250), ours: euro(4500), day: '2030-05-04', order_number: 'A-222222' }
  answers['GET /admin/reports/payouts/r'] = [200, { run, items: [line], next: null }]
  await userEvent.click(screen.getByRole('button', { name: 'Compare and book' }))
  const lines = await screen.findByRole('region', { name: 'Lines' })
  within(lines).getByText('Another amount')
  expect((await screen.findByRole('alert')).textContent).toMatch(/Not in the file: 1/)
})

it('keeps what becomes of disputed tickets from the version that was read', async () => {
  answers['GET /admin/organizers/h/dispute-rules'] = [200, { tickets: 'flag', version: 4 }]
  answers['PUT /admin/organizers/h/dispute-rules'] = [200, { tickets: 'suspend', version: 5 }]
  draw(<DisputeRule organizer="h" />)
  await userEvent.selectOptions(await screen.findByLabelText(/while a dispute is open/), 'suspend')
  await userEvent.click(screen.getByRole('button', { name: 'Keep it' }))
  await screen.findByText('Kept.')
  expect(sent('PUT /admin/organizers/h/dispute-rules')[0]).toMatchObject({ seen: '"4"', body: { tickets: 'suspend' } })
})
