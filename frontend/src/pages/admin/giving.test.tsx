import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import type { Order, OrderMoney, ShowRefunds } from '../../api/types'
import { draw, expectAccessible, house } from '../../test-house'
import { AdminOrderPage } from './OrderPage'
import { ShowRefundsPage } from './ShowRefunds'

afterEach(() => vi.unstubAllGlobals())

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const order: Order = {
  id: 'o', number: 'A-222222', yours: false, status: 'confirmed', customer: { name: 'Ada', email: 'ada@example.org' }, total: eur(4500), lines: [], pay_by: null, pay_in_ms: null,
  review_by: null, payment: null, refunds: [], holds: [], shows: [], exchanges: [], created_at: '2030-05-03T17:00:00Z', confirmed_at: '2030-05-03T17:00:00Z',
}
const money: OrderMoney = {
  total: eur(4500), left: eur(4000),
  lines: [{ id: 'l', tickets: ['t'], label: 'Stalls, A, 1', kind: 'ticket', amount: eur(4500), kept: eur(0), state: 'sold' }],
  payments: [{ id: 'p', number: 1, provider: 'sandbox', account: 'default', provider_ref: 'ref-1', status: 'captured', amount: eur(4500), counts: true, paid_at: '2030-05-03T17:00:00Z', problem: null }],
  refunds: [{ id: 'r', payment_id: 'p', onto_line: null, what_for: 'goodwill', amount: eur(500), status: 'failed', reason: 'The heating failed', note: '', waits_for_staff: true, created_at: '2030-05-03T18:00:00Z' }],
  books: [{ kind: 'capture', at: '2030-05-03T17:00:00Z', entries: [{ account: 'provider:sandbox', show_id: null, amount: eur(4500) }, { account: 'deposits', show_id: null, amount: eur(-4500) }] }],
  passed_on: [],
}
const me = { 'GET /me': [200, { user: { id: 'u', name: 'Ada', email: 'a@example.org', role: 'admin' } }] as [number, unknown] }

function withOrder() {
  return house({
    ...me,
    'GET /admin/orders/o': [200, { order }],
    'GET /admin/orders/o/money': [200, { money }],
    'GET /orders/o/cancellation': [200, { cancellation: { open: true, back: eur(2000), onto_voucher: eur(0), through_exchange: eur(0), kept: eur(2500), until: null, tickets: [], order_paid: eur(0), order_back: eur(0) } }],
    'POST /admin/orders/o/refunds': [200, { order }],
    'POST /admin/orders/o/refunds/r': [200, { order }],
  })
}

it('shows all the money of an order, and gives a kindness once for one press', { timeout: 20_000 }, async () => {
  const { sent } = withOrder()
  draw(<AdminOrderPage id="o" />)
  await screen.findByRole('heading', { name: 'Payments' })
  screen.getByText('ref-1')
  screen.getByText(/deposits/)
  await expectAccessible()
  await userEvent.click(screen.getByRole('button', { name: 'Kindness' }))
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText('How much'), '12,50')
  await userEvent.type(within(dialog).getByLabelText(/Why/), 'It was cold')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Give back' }))
  await waitFor(() => expect(sent('POST /admin/orders/o/refunds')).toHaveLength(1))
  expect(sent('POST /admin/orders/o/refunds')[0]?.body).toEqual({ reason: 'It was cold', amount: 1250, keep_tickets: true })
  expect(sent('POST /admin/orders/o/refunds')[0]?.key).toBeTruthy()
})

it('says what the policy gives before it is given, and names what failed', async () => {
  const told = withOrder()
  draw(<AdminOrderPage id="o" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Give back under the policy' }))
  await screen.findByText(/The policy gives €20(\.00)? back and keeps €25(\.00)?/)
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }))
  await userEvent.click(screen.getByRole('button', { name: /^Given by hand: €5(\.00)?$/ }))
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText('How'), 'Cash, receipt 7')
  told.answers['POST /admin/orders/o/refunds/r'] = [409, { code: 'refund_not_failed', status: 409 }]
  await userEvent.click(within(dialog).getByRole('button', { name: 'Note it' }))
  expect((await screen.findByRole('alert')).textContent).toMatch(/waits for anybody any more/)
  expect(told.sent('POST /admin/orders/o/refunds/r')[0]?.body).toEqual({ action: 'by_hand', note: 'Cash, receipt 7' })
})

it('offers nothing to give back of an order that is over', async () => {
  const told = withOrder()
  told.answers['GET /admin/orders/o'] = [200, { order: { ...order, status: 'refunded' } }]
  draw(<AdminOrderPage id="o" />)
  await screen.findByRole('heading', { name: 'Lines' })
  expect(screen.queryByRole('button', { name: /Give back|Kindness|Pass on/ })).toBeNull()
})

const show = { id: 's', production: { id: 'p', title: 'The Play', poster_url: '' }, venue: { id: 'v', name: 'Hall', city: 'Lund' }, time_zone: 'Europe/Stockholm', starts_at: '2030-05-04T17:00:00Z', state: 'cancelled', version: 4, currency: 'EUR', cancel_until_s: 3600, cancellation: null, transfer_until_s: null, exchange_until_s: null, exchange_fee_kept: 0 }
const job: ShowRefunds = {
  id: 'j', show_id: 's', state: 'running', reason: 'Fire', started_at: '2030-05-01T17:00:00Z', done_at: null, total: 2000, done: 1200, refunded: 1190, ended: 10, failed: 1, left: 799, per_minute: 900, money: eur(5_355_000),
  failed_orders: [{ order_id: 'o', number: 'A-222222', problem: 'The provider would not give the money back.' }], next_failed: null,
}

it('begins the refund of a cancelled show after asking, with a reason', async () => {
  const { sent } = house({ ...me, 'GET /admin/shows/s': [200, show], 'GET /admin/shows/s/refunds': [200, { refunds: null }], 'POST /admin/shows/s/refunds': [202, { refunds: job }] })
  draw(<ShowRefundsPage id="s" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Refund all orders' }))
  expect(sent('POST /admin/shows/s/refunds')).toHaveLength(0)
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText(/Why/), 'Fire')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Refund all' }))
  await waitFor(() => expect(sent('POST /admin/shows/s/refunds')[0]?.body).toEqual({ reason: 'Fire' }))
})

it('shows how far it is and what failed, pauses, and tries again', async () => {
  const told = house({ ...me, 'GET /admin/shows/s': [200, show], 'GET /admin/shows/s/refunds': [200, { refunds: job }], 'POST /admin/shows/s/refunds/state': [200, { refunds: job }] })
  draw(<ShowRefundsPage id="s" />)
  await screen.findByText(/1,201 of 2,000 orders: 1,190 refunded/)
  expect(screen.getByRole('progressbar', { name: 'Orders that are done' }).getAttribute('value')).toBe('1201')
  screen.getByText('The provider would not give the money back.')
  expect(screen.queryByRole('button', { name: 'Refund all orders' })).toBeNull()
  await expectAccessible()
  await userEvent.click(screen.getByRole('button', { name: 'Pause' }))
  await userEvent.click(screen.getByRole('button', { name: 'Try again what failed' }))
  await waitFor(() => expect(told.sent('POST /admin/shows/s/refunds/state').map((one) => one.body)).toEqual([{ action: 'pause' }, { action: 'retry' }]))
})

it('offers no refund of a show that takes place', async () => {
  house({ ...me, 'GET /admin/shows/s': [200, { ...show, state: 'published' }], 'GET /admin/shows/s/refunds': [200, { refunds: null }] })
  draw(<ShowRefundsPage id="s" />)
  await screen.findByText(/Only the orders of a show that was cancelled or moved/)
  expect(screen.queryByRole('button', { name: /Refund/ })).toBeNull()
})

it('shows the simple case as one step, and keeps a policy of two from the version that was read', async () => {
  const told = house({ ...me, 'GET /admin/shows/s': [200, show], 'GET /admin/shows/s/refunds': [200, { refunds: null }], 'PATCH /admin/shows/s': [422, { code: 'validation_failed', status: 422, errors: [{ field: 'cancellation.steps[1]', message: 'must give back less than the step before' }] }] })
  draw(<ShowRefundsPage id="s" />)
  expect(((await screen.findByLabelText(/^Step 1: until/)) as HTMLInputElement).value).toBe('1')
  await userEvent.click(screen.getByRole('button', { name: 'Add a step' }))
  await userEvent.type(screen.getByLabelText(/^Step 2: until/), '0,5')
  await userEvent.type(screen.getByLabelText(/^Step 2: per cent/), '50')
  await userEvent.type(screen.getByLabelText('Kept of each ticket, in EUR'), '1.50')
  await userEvent.type(screen.getByLabelText(/passed on until/), '2')
  await userEvent.type(screen.getByLabelText(/exchanged until/), '24')
  await userEvent.type(screen.getByLabelText('Kept of each ticket that is exchanged, in EUR'), '2.50')
  await userEvent.click(screen.getByRole('button', { name: 'Keep it' }))
  await waitFor(() => expect(told.sent('PATCH /admin/shows/s')).toHaveLength(1))
  const steps = [{ until_s: 3600, back_bp: 10_000 }, { until_s: 1800, back_bp: 5_000 }]
  expect(told.sent('PATCH /admin/shows/s')[0]?.body).toEqual({ cancellation: { steps, fee_kept: 150, fees_back: true }, transfer_until_s: 7200, exchange_until_s: 86_400, exchange_fee_kept: 250 })
  await screen.findByRole('alert')
}, 15_000)
