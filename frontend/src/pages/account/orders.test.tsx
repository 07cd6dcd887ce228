import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import type { ReactElement } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rememberSignedIn } from '../../api/account'
import type { MyOrder, Order } from '../../api/types'
import { orderToken, rememberOrder } from '../../hold/record'
import { Speaking } from '../../i18n'
import { FindOrderPage } from '../FindOrderPage'
import { OrderPage } from '../OrderPage'
import { OrdersPage } from './OrdersPage'
import { RegisterPage } from './doors'

type Answer = [status: number, body?: unknown]
let answers: Record<string, Answer>
let asked: { what: string; body: unknown; token: string | null }[]

const ada = { id: 'u', name: 'Ada', email: 'ada@example.org', role: 'customer' }
const show = { id: 's', title: 'The Cherry Orchard', poster_url: '/p.svg', venue: 'Grand Theatre', city: 'Lund', starts_at: '2030-05-04T17:00:00Z', doors_at: null, time_zone: 'Europe/Stockholm' }
const order: Order = {
  id: 'o1', number: 'A-7F3K2M', yours: false, status: 'cancelled', customer: { name: 'Ada', email: 'ada@example.org' }, total: { amount: 4500, currency: 'EUR' }, lines: [],
  pay_by: null, pay_in_ms: null, review_by: null, payment: null, refunds: [], holds: [], exchanges: [], shows: [show], created_at: '2029-01-01T00:00:00Z', confirmed_at: null,
}
const listed = (number: string, more: Partial<MyOrder> = {}): MyOrder => ({
  id: number, number, status: 'confirmed', organizer: 'The House', total: { amount: 4500, currency: 'EUR' }, shows: [show], places: [{ show_id: 's', label: 'Stalls A-12', quantity: 1 }, { show_id: 's', label: 'Floor', quantity: 2 }],
  cancellable: true, created_at: '2029-01-01T00:00:00Z', confirmed_at: '2029-01-01T00:00:00Z', ...more,
})

beforeEach(() => {
  asked = []
  localStorage.clear()
  answers = { 'GET /site': [200, { name: 'House', demo: false, currency: 'EUR', providers: [], mail: 'smtp' }] }
  vi.stubGlobal('fetch', vi.fn(async (address: string, init: RequestInit) => {
    const path = address.replace('/api/v1', '')
    const what = `${init.method} ${path}`
    asked.push({ what, body: init.body ? JSON.parse(String(init.body)) : undefined, token: new Headers(init.headers).get('Aisle-Order-Token') })
    const [status, answer] = answers[what] ?? [404, { code: 'not_found', status: 404 }]
    return new Response(answer === undefined ? null : JSON.stringify(answer), { status })
  }))
  history.replaceState(null, '', '/')
})
afterEach(() => {
  rememberSignedIn(false)
  vi.unstubAllGlobals()
})

const draw = (page: ReactElement) => render(<QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}><Speaking language="en">{page}</Speaking></QueryClientProvider>)
async function expectAccessible() {
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}
const sent = (what: string) => asked.filter((one) => one.what === what)
function signedIn() {
  rememberSignedIn(true)
  answers['GET /me'] = [200, { user: ada }]
}

describe('my orders', () => {
  it('says that there are none, and where to find some', async () => {
    signedIn()
    answers['GET /me/orders?limit=20'] = [200, { items: [], next: null }]
    draw(<OrdersPage />)
    await screen.findByText('No orders yet.')
    await expectAccessible()
    expect(within(screen.getByRole('main')).getByRole('link', { name: 'Find my order' }).getAttribute('href')).toBe('/find-order')
  })

  it('lists what was bought with its places, and older ones on demand', async () => {
    signedIn()
    answers['GET /me/orders?limit=20'] = [200, { items: [listed('A-2')], next: 'c=' }]
    answers['GET /me/orders?limit=20&after=c%3D'] = [200, { items: [listed('A-1', { status: 'expired', cancellable: false, places: [] })], next: null }]
    draw(<OrdersPage />)
    await screen.findByText('Stalls A-12, 2 × Floor')
    expect(screen.getByText(/A-2 · See you there · can be cancelled/)).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: 'Older orders' }))
    const older = await screen.findByText(/A-1 · The time to pay ran out$/)
    expect(older).toBeTruthy()
    expect(screen.queryByRole('button', { name: 'Older orders' })).toBeNull()
    await expectAccessible()
  })
})

describe('an order', () => {
  it('offers a guest an account with the address filled in, which is in no request', async () => {
    rememberOrder('o1', 'kid.mac')
    answers['GET /orders/o1'] = [200, { order }]
    draw(<OrderPage id="o1" />)
    const link = await screen.findByRole('link', { name: 'Make an account' })
    expect(link.getAttribute('href')).toBe('/register#ada%40example.org')
    await expectAccessible()
    history.replaceState(null, '', '/register#ada%40example.org')
    draw(<RegisterPage />)
    expect(screen.getByLabelText<HTMLInputElement>('E-mail').value).toBe('ada@example.org')
  })

  it('is kept in an account by its link, and opened by its owner without one', async () => {
    signedIn()
    rememberOrder('o1', 'kid.mac')
    answers['GET /orders/o1'] = [200, { order }]
    answers['POST /me/orders/claim'] = [200, { order: { ...order, yours: true } }]
    draw(<OrderPage id="o1" />)
    const keep = await screen.findByRole('button', { name: 'Keep it in my account' })
    answers['GET /orders/o1'] = [200, { order: { ...order, yours: true } }]
    await userEvent.click(keep)
    await screen.findByText(/This order is in your account/)
    expect(sent('POST /me/orders/claim').map((one) => one.body)).toEqual([{ order_id: 'o1', token: 'kid.mac' }])
  })

  it('has its links ended after a question; then this browser knows none, and says where the next one is', async () => {
    history.replaceState(null, '', '/orders/o1#t=kid.mac')
    answers['GET /orders/o1'] = [200, { order }]
    answers['POST /orders/o1/revoke-links'] = [204]
    draw(<OrderPage id="o1" />)
    await userEvent.click(await screen.findByRole('button', { name: 'This link got into wrong hands' }))
    expect(sent('POST /orders/o1/revoke-links')).toEqual([])
    await expectAccessible()
    await userEvent.click(screen.getByRole('button', { name: 'End the links' }))
    await screen.findByRole('heading', { name: 'The links have ended' })
    expect(screen.getByText(/on its way to ada@example.org/)).toBeTruthy()
    expect(sent('POST /orders/o1/revoke-links').map((one) => one.token)).toEqual(['kid.mac'])
    expect([orderToken('o1'), location.hash]).toEqual([null, ''])
    await expectAccessible()
  })

  it('says of a link that was ended what it is, and offers the newer one', async () => {
    rememberOrder('o1', 'kid.mac')
    answers['GET /orders/o1'] = [403, { code: 'order_link_ended', status: 403 }]
    answers['POST /orders/lookup'] = [202]
    draw(<OrderPage id="o1" />)
    expect((await screen.findByRole('alert')).textContent).toMatch(/no longer works/)
    await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.org')
    await userEvent.click(screen.getByRole('button', { name: 'Send the link' }))
    await screen.findByText(/the link is on its way/)
    expect(sent('POST /orders/lookup')[0]?.body).toEqual({ email: 'ada@example.org' })
    await expectAccessible()
  })

  it('asks a signed-in stranger for the link rather than to go away', async () => {
    signedIn()
    draw(<OrderPage id="o1" />)
    await screen.findByText(/This page needs the link from your mail/)
  })
})

it('looks for one order by its number', async () => {
  answers['POST /orders/lookup'] = [202]
  draw(<FindOrderPage />)
  await userEvent.type(screen.getByLabelText('E-mail'), ' ada@example.org ')
  await userEvent.type(screen.getByLabelText(/Order number/), ' A-7F3K2M ')
  await userEvent.click(screen.getByRole('button', { name: 'Send the link' }))
  await waitFor(() => expect(sent('POST /orders/lookup').map((one) => one.body)).toEqual([{ number: 'A-7F3K2M', email: 'ada@example.org' }]))
})
