import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Speaking } from '../../i18n'
import { Vouchers } from './Vouchers'

type Answer = [status: number, body?: unknown]
let answers: Record<string, Answer>
let asked: { what: string; body: unknown }[]

beforeEach(() => {
  asked = []
  answers = {}
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '')}`
    asked.push({ what, body: init.body ? JSON.parse(String(init.body)) : undefined })
    const [status, answer] = answers[what] ?? answers[what.replace(/\?.*/, '')] ?? [404, { code: 'not_found', status: 404 }]
    return new Response(JSON.stringify(answer), { status })
  }))
})
afterEach(() => vi.unstubAllGlobals())

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const voucher = { id: 'v', organizer_id: 'h', prefix: '7F3K', amount: eur(5000), balance: eur(2000), valid_until: null, reason: 'Bill 17', voided_at: null, version: 1, created_at: '2030-01-01T00:00:00Z' }
const draw = () => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language="en"><Vouchers organizer="h" currency="EUR" /></Speaking></QueryClientProvider>)
const sent = (what: string) => asked.filter((one) => one.what === what)

it('says that there are none, issues one, and tells its code once', async () => {
  answers['GET /admin/vouchers'] = [200, { items: [], next: null }]
  answers['POST /admin/vouchers'] = [201, { ...voucher, code: '7F3K-2M9P-8HJW-QQ23-4567' }]
  draw()
  await screen.findByText(/No vouchers yet/)
  const button = screen.getByRole('button', { name: 'Issue the voucher' })
  expect((button as HTMLButtonElement).disabled).toBe(true)
  await userEvent.type(screen.getByLabelText('How much, in EUR'), '50')
  await userEvent.type(screen.getByLabelText('What it is for'), 'Bill 17')
  await userEvent.click(button)
  await screen.findByText('7F3K-2M9P-8HJW-QQ23-4567')
  expect(sent('POST /admin/vouchers')[0]?.body).toEqual({ organizer_id: 'h', amount: eur(5000), valid_until: null, reason: 'Bill 17' })
})

it('says so where the code got lost on its way', async () => {
  answers['GET /admin/vouchers'] = [200, { items: [], next: null }]
  answers['POST /admin/vouchers'] = [201, voucher]
  draw()
  await userEvent.type(await screen.findByLabelText('How much, in EUR'), '50')
  await userEvent.type(screen.getByLabelText('What it is for'), 'Bill 17')
  await userEvent.click(screen.getByRole('button', { name: 'Issue the voucher' }))
  await screen.findByText(/got lost/)
})

it('shows what is left and what has happened, finds by the first characters, and voids', async () => {
  answers['GET /admin/vouchers'] = [200, { items: [voucher], next: null }]
  answers['GET /admin/vouchers/v/movements'] = [200, { items: [{ id: 'm', kind: 'taken', amount: eur(-3000), order_id: 'o', order_number: 'A-222222', at: '2030-01-01T00:00:00Z' }], next: null }]
  answers['POST /admin/vouchers/v/void'] = [200, { ...voucher, balance: eur(0) }]
  draw()
  await userEvent.click(await screen.findByRole('button', { name: 'Movements of 7F3K' }))
  await screen.findByText('Order made with it')
  screen.getByText('A-222222')
  await userEvent.click(screen.getByRole('button', { name: 'Close' }))
  await userEvent.type(screen.getByLabelText('Look for a code'), '7f3k-2m')
  await vi.waitFor(() => expect(asked.filter((one) => one.what.startsWith('GET /admin/vouchers?organizer_id=h&prefix=7f3k')).length).toBeGreaterThan(0))
  await userEvent.click(await screen.findByRole('button', { name: 'Void 7F3K' }))
  await userEvent.click(screen.getByRole('button', { name: 'Void €20' }))
  expect(sent('POST /admin/vouchers/v/void')).toHaveLength(1)
})
