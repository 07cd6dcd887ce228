import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import type { Line, Quote, Show } from '../api/types'
import { Speaking } from '../i18n'
import { Bill } from './Bill'
import { PriceNotes } from './PriceNotes'
import { GivenTickets } from './GivenTickets'
import { PromoField, VoucherField } from './PromoField'
import { billRows, taxWithin } from './bill'

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const line = (id: string, kind: Line['kind'], label: string, amount: number, tax = 0): Line => ({ id, kind, label, show_id: 's', quantity: 1, amount: eur(amount), tax: eur(tax) })
const lines = [
  line('1', 'ticket', 'Stalls, A, 1', 4500, 900), line('2', 'ticket', 'Stalls, A, 2', 4500, 900),
  line('3', 'discount', 'Promo code SPRING24', -450, -90), line('4', 'fee', 'Booking fee', 150, 30),
  line('5', 'discount', 'Promo code SPRING24', -450, -90), line('6', 'fee', 'Booking fee', 150, 30), line('7', 'tax', 'City tax 2 %', 180, 180),
]

it('sums up what comes with each ticket, and leaves tickets apart', () => {
  expect(billRows(lines).map((row) => [row.line.label, row.quantity, row.amount.amount])).toEqual([
    ['Stalls, A, 1', 1, 4500], ['Stalls, A, 2', 1, 4500], ['Promo code SPRING24', 2, -900], ['Booking fee', 2, 300], ['City tax 2 %', 1, 180],
  ])
  expect(taxWithin(lines, 'EUR')).toEqual(eur(1680))
})

it('says what of it is tax, by name where that is known', () => {
  const { rerender } = render(<Speaking language="en"><Bill title="Bill" totalLabel="To pay" lines={lines} total={eur(8580)} /></Speaking>)
  const bill = screen.getByRole('region', { name: 'Bill' })
  within(bill).getByText('€16.80 of it is tax.')
  within(bill).getByText('2 × Promo code SPRING24')
  within(bill).getByText('-€9')
  rerender(<Speaking language="en"><Bill title="Bill" totalLabel="To pay" lines={lines} total={eur(8580)} taxes={[{ name: 'VAT', rate_bp: 2500, included: true, amount: eur(1680) }, { name: 'City tax', rate_bp: 200, included: false, amount: eur(180) }]} /></Speaking>)
  within(bill).getByText('€16.80 of it is VAT 25 %.')
  expect(within(bill).queryByText(/City tax 2 %\./)).toBeNull()
})

it('asks for a code by Enter without ordering, and says why one takes nothing off', async () => {
  const use = vi.fn()
  const order = vi.fn((event: { preventDefault(): void }) => event.preventDefault())
  const field = (used: string | null, said?: Quote['promo']) => (
    <Speaking language="en"><form onSubmit={order}><PromoField used={used} said={said} busy={false} onUse={use} /><button type="submit">Pay</button></form></Speaking>
  )
  const { rerender } = render(field(null))
  await userEvent.type(screen.getByLabelText('Promo code'), ' spring24{Enter}')
  expect(use).toHaveBeenCalledWith('spring24')
  expect(order).not.toHaveBeenCalled()
  rerender(field('spring24', { code: 'spring24', applies: false, reason: 'not_these_shows', detail: '' }))
  screen.getByText('This code is for other shows.')
  await userEvent.type(screen.getByLabelText('Promo code'), 'x')
  expect(screen.queryByText('This code is for other shows.')).toBeNull()
  rerender(field('spring24', { code: 'spring24', applies: true }))
  screen.getByText('Code SPRING24 is in the bill.')
  await userEvent.click(screen.getByRole('button', { name: 'Take it off' }))
  expect(use).toHaveBeenLastCalledWith(null)
})

it('says what comes once an order, and until when a price is what it is', () => {
  const price = { ticket_type: 'adult', price: eur(4000), price_list: 'Early bird', until: '2030-04-01T10:00:00Z' }
  const show = { time_zone: 'Europe/Stockholm', price_levels: [{ prices: [price, price] }], order_fees: [{ name: 'Handling', amount: eur(200) }, { name: 'Service', percent_bp: 250 }] }
  render(<Speaking language="en"><PriceNotes show={show as unknown as Show} /></Speaking>)
  screen.getByText(/^Early bird until Mon,? 1 Apr, 12:00$/)
  screen.getByText('Once an order: Handling, €2.')
  screen.getByText('Once an order: Service, 2.5 %.')
})

it('says what a voucher pays and what is left, or why it pays nothing', async () => {
  const use = vi.fn()
  const field = (used: string | null, said?: Quote['voucher']) => <Speaking language="en"><VoucherField used={used} said={said} busy={false} onUse={use} /></Speaking>
  const { rerender } = render(field(null))
  await userEvent.type(screen.getByLabelText('Gift voucher'), '7f3k-2m9p{Enter}')
  expect(use).toHaveBeenCalledWith('7f3k-2m9p')
  rerender(field('7f3k-2m9p', { code: '7f3k-2m9p', applies: false, pays: eur(0), left: null, reason: 'empty', detail: '' }))
  screen.getByText('Nothing is left on this voucher.')
  rerender(field('7f3k-2m9p', { code: '7f3k-2m9p', applies: true, pays: eur(4500), left: eur(500) }))
  screen.getByText('The voucher pays €45; €5 will be left on it.')
  await userEvent.click(screen.getByRole('button', { name: 'Leave it out' }))
  expect(use).toHaveBeenLastCalledWith(null)
})

it('says which tickets are given for what is ordered, and what becomes of their worth', async () => {
  const leave = vi.fn()
  const giving = { order_id: 'o', number: 'A-OLD', tickets: ['1', '2'] }
  const given = (said?: Quote['exchange']) => <Speaking language="en"><GivenTickets giving={giving} said={said} busy={false} onLeaveOut={leave} /></Speaking>
  const { rerender } = render(given())
  screen.getByText('You give 2 tickets of order A-OLD for these seats.')
  rerender(given({ order_id: 'o', number: 'A-OLD', worth: eur(9000), kept: eur(500), pays: eur(6000), back: eur(3000) }))
  screen.getByText('You give 2 tickets of order A-OLD for these seats. Worth €90. The house keeps €5. €30 goes back the way you paid.')
  await userEvent.click(screen.getByRole('button', { name: 'Keep those tickets' }))
  expect(leave).toHaveBeenCalled()
})
