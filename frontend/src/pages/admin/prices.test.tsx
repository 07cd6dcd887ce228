import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Speaking } from '../../i18n'
import { PriceRulesForm } from './PriceRulesForm'
import { PromoCodes, discountTyped } from './PromoCodes'
import { TimedPricesRoom } from './TimedPrices'
import { amountTyped, basisPoints, typedAmount, wallTime } from './prices'

type Answer = [status: number, body?: unknown]
let answers: Record<string, Answer>
let asked: { what: string; body: unknown; seen: string | null }[]

beforeEach(() => {
  asked = []
  answers = {}
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const what = `${init.method} ${address.replace('/api/v1', '')}`
    asked.push({ what, body: init.body ? JSON.parse(String(init.body)) : undefined, seen: new Headers(init.headers).get('If-Match') })
    const [status, answer] = answers[what] ?? answers[what.replace(/\?.*/, '')] ?? [404, { code: 'not_found', status: 404 }]
    return new Response(JSON.stringify(answer), { status })
  }))
})
afterEach(() => vi.unstubAllGlobals())

const draw = (page: ReactElement) => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language="en">{page}</Speaking></QueryClientProvider>)
const sent = (what: string) => asked.filter((one) => one.what === what)

it('says that there are no codes, and makes one', async () => {
  answers['GET /admin/promo-codes'] = [200, { items: [], next: null }]
  draw(<PromoCodes organizer="h" currency="EUR" />)
  await screen.findByText(/No promo codes yet/)
  answers['POST /admin/promo-codes'] = [422, { code: 'validation_failed', status: 422, errors: [{ field: 'code', message: 'is one of this house’s already' }] }]
  const button = screen.getByRole('button', { name: 'Make the code' })
  expect((button as HTMLButtonElement).disabled).toBe(true)
  await userEvent.type(screen.getByLabelText('Code'), 'spring 24')
  await userEvent.type(screen.getByLabelText('How many %'), '12,5')
  await userEvent.type(screen.getByLabelText('Orders in all'), '100')
  await userEvent.click(button)
  await screen.findByText('is one of this house’s already')
  expect(sent('POST /admin/promo-codes')[0]?.body).toEqual({
    organizer_id: 'h', code: 'spring 24', discount: { percent_bp: 1250 }, only: { ticket_types: [] }, uses_max: 100, per_customer_max: null, valid_from: null, valid_until: null, note: '',
  })
})

it('lists codes with how often they were used', async () => {
  const code = { id: 'c', organizer_id: 'h', code: 'PRESS', discount: { percent_bp: 10_000 }, only: {}, valid_from: null, valid_until: null, uses_max: 5, per_customer_max: null, note: 'Critics', uses: 2, archived_at: null, version: 1 }
  answers['GET /admin/promo-codes'] = [200, { items: [code], next: null }]
  draw(<PromoCodes organizer="h" currency="EUR" />)
  await screen.findByText('everything: a comp')
  screen.getByText('2 of 5')
  screen.getByText('for good')
})

it('keeps fees and taxes from the version that was read, and what it does not show', async () => {
  const only = { shows: ['s'], countries: [], price_levels: [], ticket_types: [] }
  answers['GET /admin/organizers/h/price-rules'] = [200, { rules: { fees: [{ name: 'Booking fee', per: 'ticket', amount: { fixed: { amount: 150, currency: 'EUR' } }, only }], taxes: [] }, version: 3 }]
  answers['PUT /admin/organizers/h/price-rules'] = [200, {}]
  draw(<PriceRulesForm organizer="h" currency="EUR" />)
  const amount = await screen.findByLabelText('How much, in EUR or %')
  expect((amount as HTMLInputElement).value).toBe('1.50')
  await userEvent.clear(amount)
  await userEvent.type(amount, '5 %')
  await userEvent.click(screen.getByRole('button', { name: 'Add a tax' }))
  await userEvent.type(screen.getAllByLabelText('Name')[1] as HTMLElement, 'Sales tax')
  await userEvent.type(screen.getByLabelText('Rate in %'), 'much')
  await userEvent.selectOptions(screen.getByLabelText('Prices'), 'on')
  await userEvent.click(screen.getByRole('button', { name: 'Keep fees and taxes' }))
  await screen.findByText(/“much” is no rate for Sales tax/)
  expect(sent('PUT /admin/organizers/h/price-rules')).toHaveLength(0)
  await userEvent.clear(screen.getByLabelText('Rate in %'))
  await userEvent.type(screen.getByLabelText('Rate in %'), '8.25')
  await userEvent.type(screen.getByLabelText('Only at venues in'), 'USA')
  await userEvent.click(screen.getByRole('button', { name: 'Keep fees and taxes' }))
  await waitFor(() => expect(sent('PUT /admin/organizers/h/price-rules')).toHaveLength(1))
  const [put] = sent('PUT /admin/organizers/h/price-rules')
  expect(put?.seen).toBe('"3"')
  expect(put?.body).toEqual({
    fees: [{ name: 'Booking fee', per: 'ticket', amount: { percent_bp: 500 }, only }],
    taxes: [{ name: 'Sales tax', rate_bp: 825, included: false, on: 'all', only: { shows: [], countries: ['USA'], price_levels: [], ticket_types: [] } }],
  })
})

it('sets prices that are valid for a while by the clock of the venue', async () => {
  const show = { id: 's', production: { title: 'Hamlet' }, starts_at: '2030-05-04T17:00:00Z', time_zone: 'Europe/Stockholm' }
  const table = {
    ticket_types: [{ id: 't', key: 'adult', name: 'Adult', description: '', default: true }],
    price_levels: [{ key: 'best', name: 'Best', category: 'Best', color: '#112233', prices: [{ ticket_type: 'adult', amount: 4500 }] }],
  }
  answers['GET /admin/shows'] = [200, { items: [show], next: null }]
  answers['GET /admin/shows/s/prices'] = [200, { ...table, timed: [], currency: 'EUR', version: 7 }]
  answers['PUT /admin/shows/s/prices'] = [200, {}]
  draw(<TimedPricesRoom organizer="h" />)
  await userEvent.click(await screen.findByRole('button', { name: 'Add a list' }))
  await userEvent.type(screen.getByLabelText('Name'), 'Early bird')
  await userEvent.type(screen.getByLabelText('Until'), '2030-04-01T12:00')
  await userEvent.click(screen.getByRole('button', { name: 'Keep timed prices' }))
  await screen.findByText('“Early bird” prices nothing yet.')
  await userEvent.type(screen.getByLabelText('Best, Adult'), '35')
  await userEvent.click(screen.getByRole('button', { name: 'Keep timed prices' }))
  await waitFor(() => expect(sent('PUT /admin/shows/s/prices')).toHaveLength(1))
  const [put] = sent('PUT /admin/shows/s/prices')
  expect(put?.seen).toBe('"7"')
  expect(put?.body).toEqual({
    ticket_types: [{ key: 'adult', name: 'Adult', description: '', default: true }], price_levels: table.price_levels,
    timed: [{ name: 'Early bird', valid_from: null, valid_until: '2030-04-01T10:00:00.000Z', prices: [{ price_level: 'best', ticket_type: 'adult', amount: 3500 }] }],
  })
})

it('reads amounts and rates as they are typed', () => {
  expect([basisPoints('8,25'), basisPoints('100 %'), basisPoints('100.01'), basisPoints('1.234'), basisPoints('-1'), basisPoints('')]).toEqual([825, 10_000, null, null, null, null])
  expect([amountTyped('1,50', 'EUR'), amountTyped('5 %', 'EUR'), amountTyped('0 %', 'EUR'), amountTyped('free', 'EUR')]).toEqual([{ fixed: { amount: 150, currency: 'EUR' } }, { percent_bp: 500 }, null, null])
  expect([typedAmount({ amount: 4550, currency: 'EUR' }), typedAmount({ amount: 4500, currency: 'JPY' }), typedAmount({ amount: 4501, currency: 'KWD' })]).toEqual(['45.50', '4500', '4.501'])
  expect(discountTyped('per_order', '0', 'EUR')).toBeNull()
  expect(wallTime('2030-04-01T10:00:00Z', 'Europe/Stockholm')).toBe('2030-04-01T12:00')
})
