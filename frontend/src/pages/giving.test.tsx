import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import type { Cancellation, Order, Ticket, TicketBack } from '../api/types'
import { readGiving } from '../hold/giving'
import { draw, expectAccessible, house } from '../test-house'
import { OrderPage } from './OrderPage'

afterEach(() => vi.unstubAllGlobals())

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const order: Order = {
  id: 'o1', number: 'A-7F3K2M', yours: false, status: 'confirmed', customer: { name: 'Ada', email: 'ada@example.org' }, total: eur(9199), lines: [],
  pay_by: null, pay_in_ms: null, review_by: null, payment: null, refunds: [], holds: [], shows: [], exchanges: [], created_at: '2029-01-01T00:00:00Z', confirmed_at: '2029-01-01T00:00:00Z',
}
const ticket = (id: string, more: Partial<Ticket> = {}): Ticket => ({
  id, seat: id, area: null, section: 'Stalls', row: 'A', number: id, ticket_type: 'adult', price_level: 'best', code: 'CODE', status: 'valid', pdf_url: `/${id}.pdf`, svg_url: `/${id}.svg`, show_id: 's', passed_on: false, ...more,
})
const line = (id: string, more: Partial<TicketBack> = {}): TicketBack => ({
  tickets: [id], label: `Stalls, A, ${id}`, show_id: 's', paid: eur(4500), back: eur(2250), kept: eur(2250), open: true, back_bp: 5000, until: '2030-05-03T17:00:00Z', transfer_until: null, exchange_until: null, ...more,
})
const plan = (tickets: TicketBack[], back: number, more: Partial<Cancellation> = {}): Cancellation => ({
  open: true, back: eur(back), onto_voucher: eur(0), through_exchange: eur(0), kept: eur(0), until: null, tickets, order_paid: eur(0), order_back: eur(0), ...more,
})

function server(tickets: TicketBack[], back: number) {
  return house({
    'GET /orders/o1': [200, { order }],
    'GET /orders/o1/tickets': [200, { items: [ticket('1'), ticket('2')] }],
    'GET /orders/o1/cancellation': [200, { cancellation: plan(tickets, back, { order_paid: eur(199), order_back: eur(0) }) }],
    'POST /orders/o1/cancel': [200, { order: { ...order, status: 'refunding' } }],
  })
}

it('says ticket by ticket what would come back before anybody presses, and asks for exactly that', async () => {
  const { sent } = server([line('1'), line('2')], 4500)
  draw(<OrderPage id="o1" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel the order' }))
  const dialog = await screen.findByRole('dialog')
  await within(dialog).findByText('Stalls, A, 1')
  expect(within(dialog).getAllByText(/So until Friday/)).toHaveLength(2)
  within(dialog).getByText(/Fees of the whole order/)
  expect(sent('POST /orders/o1/cancel')).toHaveLength(0)
  await expectAccessible()
  await userEvent.click(within(dialog).getByRole('button', { name: /^Give back, €45(\.00)? comes back$/ }))
  await waitFor(() => expect(sent('POST /orders/o1/cancel')).toHaveLength(1))
  expect(sent('POST /orders/o1/cancel')[0]?.body).toEqual({ expect: 4500 })
})

it('gives back only what stays marked, and asks anew what that would bring', async () => {
  const told = server([line('1'), line('2')], 4500)
  draw(<OrderPage id="o1" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel the order' }))
  const first = await screen.findByRole('checkbox', { name: /Stalls, A, 1/ })
  told.answers['GET /orders/o1/cancellation'] = [200, { cancellation: plan([line('2')], 2250) }]
  await userEvent.click(first)
  await userEvent.click(await screen.findByRole('button', { name: 'Give back, €22.50 comes back' }))
  await waitFor(() => expect(told.sent('POST /orders/o1/cancel')[0]?.body).toEqual({ tickets: ['2'], expect: 2250 }))
})

it('leaves out what cannot be given back any more, and says so', async () => {
  const closed = line('1', { open: false, back: eur(0), back_bp: null, until: null })
  server([closed, { ...closed, tickets: ['2'], label: 'Stalls, A, 2' }], 0)
  draw(<OrderPage id="o1" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel the order' }))
  await screen.findByText('None of these tickets can be given back any more.')
  expect(screen.queryByRole('button', { name: /comes back/ })).toBeNull()
})

it('says when the amount has become another, and looks again', async () => {
  const told = server([line('1'), line('2')], 4500)
  told.answers['POST /orders/o1/cancel'] = [409, { code: 'amount_changed', status: 409 }]
  draw(<OrderPage id="o1" />, 'de')
  await userEvent.click(await screen.findByRole('button', { name: 'Bestellung stornieren' }))
  const before = told.sent('GET /orders/o1/cancellation').length
  await userEvent.click(await screen.findByRole('button', { name: /Zurückgeben/ }))
  await screen.findByText(/anderer Betrag/)
  await waitFor(() => expect(told.sent('GET /orders/o1/cancellation').length).toBeGreaterThan(before))
})

it('passes a ticket on, and shows no code of one that somebody else has', async () => {
  const told = server([line('1'), line('2')], 4500)
  told.answers['GET /orders/o1/tickets'] = [200, { items: [ticket('1'), ticket('2', { passed_on: true, code: null, pdf_url: null, svg_url: null })] }]
  told.answers['POST /orders/o1/transfer'] = [200, { order }]
  draw(<OrderPage id="o1" />)
  await screen.findByText('Passed on to somebody else')
  expect(screen.getAllByRole('img', { name: /^Code for/ })).toHaveLength(1)
  const [first] = screen.getAllByRole('button', { name: /^Pass on/ })
  if (!first) throw new Error('a ticket can be passed on')
  await userEvent.click(first)
  const dialog = screen.getByRole('dialog')
  await userEvent.type(within(dialog).getByLabelText('Their name'), 'Grace')
  await userEvent.type(within(dialog).getByLabelText('Their e-mail address'), 'grace@example.org')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Pass it on' }))
  await waitFor(() => expect(told.sent('POST /orders/o1/transfer')).toHaveLength(1))
  expect(told.sent('POST /orders/o1/transfer')[0]?.body).toEqual({ tickets: ['1'], to: { name: 'Grace', email: 'grace@example.org' } })
})

it('takes the tickets that are to be exchanged along to where others are chosen', async () => {
  sessionStorage.clear()
  server([line('1', { exchange_until: '2030-05-03T17:00:00Z' }), line('2', { exchange_until: '2030-05-03T17:00:00Z' }), line('3')], 4500)
  draw(<OrderPage id="o1" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Exchange tickets' }))
  const dialog = await screen.findByRole('dialog')
  await userEvent.click(await within(dialog).findByRole('checkbox', { name: 'Stalls, A, 1' }))
  expect(within(dialog).queryByRole('checkbox', { name: 'Stalls, A, 3' })).toBeNull()
  await expectAccessible()
  await userEvent.click(within(dialog).getByRole('button', { name: 'Choose other seats' }))
  expect(readGiving()).toEqual({ order_id: 'o1', number: 'A-7F3K2M', tickets: ['2'] })
  sessionStorage.clear()
})

it('says what tickets were given for, and not that money went back where none did', async () => {
  const exchange = { from_order: 'o1', from_number: 'A-7F3K2M', into_order: 'o2', into_number: 'A-NEW', state: 'done' as const, tickets: ['1'], worth: eur(4500), credit: eur(4500), returned: eur(0) }
  house({ 'GET /orders/o1': [200, { order: { ...order, status: 'refunded', exchanges: [exchange] } }] })
  draw(<OrderPage id="o1" />)
  await screen.findByRole('heading', { name: 'These tickets were exchanged' })
  expect((screen.getByRole('link', { name: 'Order A-NEW' }) as HTMLAnchorElement).getAttribute('href')).toBe('/orders/o2')
})
