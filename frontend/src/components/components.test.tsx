import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import type { ReactElement } from 'react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hold, Show } from '../api/types'
import { Basket, type BasketState } from '../hold/basket'
import type { HoldApi } from '../hold/api'
import { Speaking } from '../i18n'
import { SeatStore } from '../live/seats'
import { readPlan } from '../map/plan'
import { AreaSteppers } from './AreaSteppers'
import { BasketPanel } from './BasketPanel'
import { BestPicker } from './BestPicker'
import { Legend } from './Legend'
import { SeatList, destination } from './SeatList'
import { pricing } from './describe'

const seat = (guid: string, x: number, category: string, more = {}) => ({ seat_guid: guid, seat_number: guid.split('-')[1] ?? '', position: { x, y: 0 }, category, ...more })
const plan = readPlan({
  name: 'House', categories: [{ name: 'Best' }, { name: 'Rest' }, { name: 'Floor' }],
  zones: [
    { name: 'Stalls', zone_id: 'stalls', rows: [
      { row_number: 'A', position: { x: 0, y: 0 }, seats: [seat('A-1', 0, 'Best', { accessible: true }), seat('A-2', 20, 'Best'), seat('A-3', 40, 'Best'), seat('A-4', 60, 'Best')] },
      { row_number: 'B', position: { x: 0, y: 30 }, seats: [seat('B-1', 0, 'Rest'), seat('B-2', 20, 'Rest')] },
    ] },
    { name: 'Pit', zone_id: 'pit', areas: [{ shape: 'rectangle', rectangle: { width: 9, height: 9 }, area_id: 'pit', capacity: 50, category: 'Floor', text: { text: 'Pit' } }] },
  ],
})
const price = (key: string, category: string, amount: number) => ({ key, name: category, category, color: '#000', prices: [{ ticket_type: 'adult', price: { amount, currency: 'EUR' } }] })
const show: Show = {
  id: 's', production: { id: 'p', title: 'The Play', poster_url: '' }, venue: { id: 'v', name: 'House', city: 'Lund' }, time_zone: 'Europe/Stockholm', starts_at: '2026-12-01T18:00:00Z', doors_at: null,
  on_sale_at: null, sales_end_at: null, state: 'published', availability: 'good', price_from: null, currency: 'EUR', public_message: null, plan_version: 'p1', organizer: { id: 'o', name: 'O' },
  ticket_types: [{ id: 't', key: 'adult', name: 'Adult', description: null, default: true }], price_levels: [price('rest', 'Rest', 2000), price('best', 'Best', 4500), price('floor', 'Floor', 3000)],
  order_fees: [], presale: false, access_codes: false, limits: { seats_per_hold_max: 3, hold_ttl_s: 480, extend_max_s: 1200, pay_within_s: 600, holds_per_buyer_max: null, places_per_buyer_max: null },
}
const prices = pricing(show, plan)
const hold: Hold = { id: 'h', token: 't', show_id: 's', state: 'open', seats: ['A-2', 'A-3'], placement: 'one_row', areas: [], expires_at: '2026-12-01T00:08:00Z', expires_in_ms: 480_000, paused: false, extendable_until: '2026-12-01T00:20:00Z', pay_by: null }

let store: SeatStore
beforeEach(() => {
  store = new SeatStore()
  store.replace('aahbxa', [{ area: 'pit', available: 2 }])
})
const draw = (ui: ReactElement) => render(<Speaking language="en"><main>{ui}</main></Speaking>)

async function expectAccessible(container: Element) {
  const { violations } = await axe.run(container, { rules: { 'color-contrast': { enabled: false } } })
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

describe('the list of seats', () => {
  const list = (onPick = vi.fn()) => ({ onPick, ...draw(<SeatList plan={plan} store={store} prices={prices} chosen={new Set(['A-2'])} yours={new Set()} onPick={onPick} onFocus={vi.fn()} />) })

  it('says section, row, seat, price and state of each', async () => {
    const { container } = list()
    expect(screen.getByRole('gridcell', { name: 'Stalls, row A, seat 1, Best, €45, Free, Wheelchair place' })).toBeTruthy()
    expect(screen.getByRole('gridcell', { name: 'Stalls, row A, seat 2, Best, €45, Chosen' }).getAttribute('aria-selected')).toBe('true')
    expect(screen.getByRole('gridcell', { name: /seat 3.*In somebody/ }).getAttribute('aria-disabled')).toBe('true')
    expect(screen.getByRole('gridcell', { name: /seat 4.*Sold/ })).toBeTruthy()
    await expectAccessible(container)
  })

  it('chooses free seats and leaves taken ones alone', async () => {
    const { onPick } = list()
    await userEvent.click(screen.getByRole('gridcell', { name: /row A, seat 4/ }))
    expect(onPick).not.toHaveBeenCalled()
    await userEvent.click(screen.getByRole('gridcell', { name: /row B, seat 2/ }))
    expect(onPick).toHaveBeenCalledWith(5)
  })

  it('has one stop for the tab key and lets arrows do the rest', async () => {
    const { container, onPick } = list()
    expect(container.querySelectorAll('[role=gridcell][tabindex="0"]')).toHaveLength(1)
    await userEvent.tab()
    await userEvent.tab()
    expect(document.activeElement?.getAttribute('aria-label')).toMatch(/row A, seat 1/)
    await userEvent.keyboard('{ArrowRight}{ArrowDown}')
    expect(document.activeElement?.getAttribute('aria-label')).toMatch(/row B, seat 1/)
    await userEvent.keyboard('{End} ')
    expect(onPick).toHaveBeenCalledWith(5)
  })

  it('keeps to the middle between rows of different length, and inside the section', () => {
    const section = plan.sections[0]
    if (!section) throw new Error('the plan has a section')
    expect(destination(plan, section, 3, 'ArrowDown')).toBe(5)
    expect(destination(plan, section, 0, 'ArrowDown')).toBe(4)
    expect(destination(plan, section, 0, 'ArrowUp')).toBeNull()
    expect(destination(plan, section, 0, 'ArrowLeft')).toBeNull()
    expect(destination(plan, section, 3, 'ArrowRight')).toBeNull()
    expect(destination(plan, section, 3, 'Home')).toBe(0)
    expect(destination(plan, section, 3, 'x')).toBeNull()
  })
})

describe('the basket', () => {
  const panel = (part: Partial<BasketState>, api: Partial<HoldApi> = {}) => {
    const basket = new Basket('s', { api: api as HoldApi })
    const state: BasketState = { ...basket.state, ...part }
    return { basket, ...draw(<BasketPanel basket={basket} state={state} show={show} plan={plan} prices={prices} closed={null} onShowSeat={vi.fn()} />) }
  }

  it('adds up what was chosen', async () => {
    const { container } = panel({ chosen: ['A-1', 'B-1'], areas: [{ area: 'pit', quantity: 1 }] })
    expect(screen.getByText('€95')).toBeTruthy()
    expect(screen.getByRole('button', { name: 'Hold 3 places' })).toBeTruthy()
    await expectAccessible(container)
  })

  it('refuses more than the house gives in one go', () => {
    panel({ chosen: ['A-1', 'A-2', 'B-1', 'B-2'] })
    expect(screen.getByRole('alert').textContent).toMatch(/At most 3/)
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Hold 4 places' }).disabled).toBe(true)
  })

  it('names the seats that were lost', () => {
    panel({ chosen: ['A-1'], lost: ['A-3', 'B-1'] })
    expect(screen.getByRole('alert').textContent).toBe('Stalls, row A, seat 3 and Stalls, row B, seat 1 were taken a moment ago. Nothing is held yet. The others stay chosen.')
  })

  it('shows the clock and the way on while seats are held, and says when they lapsed', () => {
    const { unmount } = panel({ hold, lease: { endsAt: performance.now() + 479_500 } })
    expect(screen.getByRole('timer').textContent).toBe('Yours for 8:00')
    expect(screen.getByRole('link', { name: 'Check out' }).getAttribute('href')).toBe('/shows/s/checkout')
    unmount()
    panel({ ended: 'lapsed', chosen: ['A-2'] })
    expect(screen.getByRole('alert').textContent).toMatch(/Your time was up/)
  })

  it('says how the held seats lie to each other, and nothing of one seat alone', () => {
    const lease = { endsAt: performance.now() + 479_500 }
    const words = [['one_row', 'Side by side in one row.'], ['stacked', 'In rows directly behind each other.'], ['split', 'Not all side by side.']] as const
    for (const [placement, word] of words) {
      const { unmount } = panel({ hold: { ...hold, placement }, lease })
      expect(screen.getByText(word)).toBeTruthy()
      unmount()
    }
    panel({ hold: { ...hold, seats: ['A-2'] }, lease })
    expect(screen.queryByText('Side by side in one row.')).toBeNull()
  })

  it('says that the time stands still while the show is paused, and offers no more of it', () => {
    panel({ hold: { ...hold, paused: true }, lease: { standsAt: 60_000 } })
    expect(screen.getByRole('timer').textContent).toBe('The sale is paused, and so is your time: 1:00 stay yours when it goes on.')
    expect(screen.queryByText(/nearly up/)).toBeNull()
    expect(screen.queryByRole('button', { name: 'Keep longer' })).toBeNull()
  })

  it('asks near the end, and says when there is no more time to give', () => {
    const { unmount } = panel({ hold, lease: { endsAt: performance.now() + 60_000 } })
    expect(screen.getByText(/Your time is nearly up/)).toBeTruthy()
    expect(screen.getByRole('button', { name: 'Keep longer' })).toBeTruthy()
    unmount()
    panel({ hold: { ...hold, expires_at: hold.extendable_until }, lease: { endsAt: performance.now() + 60_000 } })
    expect(screen.getByText(/gives no more time/)).toBeTruthy()
    expect(screen.queryByRole('button', { name: 'Keep longer' })).toBeNull()
  })
})

describe('the other ways to choose', () => {
  it('finds the best seats by number, price and place', async () => {
    const onFind = vi.fn()
    const { container } = draw(<BestPicker plan={plan} bands={prices.bands} max={3} busy={false} onFind={onFind} />)
    await userEvent.click(screen.getByRole('button', { name: 'More: How many' }))
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'More: How many' }).disabled).toBe(true)
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Price' }), 'rest')
    await userEvent.click(screen.getByRole('checkbox'))
    await userEvent.click(screen.getByRole('button', { name: 'Find the best 3 together' }))
    expect(onFind).toHaveBeenCalledWith({ quantity: 3, price_level: 'rest', accessible: 1 })
    // General admission has no best seat.
    expect(within(screen.getByRole('combobox', { name: 'Price' })).queryByText(/Floor/)).toBeNull()
    await expectAccessible(container)
  })

  it('counts places without numbers, and no more than there are', async () => {
    const onChange = vi.fn()
    const { container } = draw(<AreaSteppers plan={plan} store={store} prices={prices} wanted={[]} max={10} busy={false} pointed={null} onChange={onChange} />)
    expect(screen.getByText(/2 left/)).toBeTruthy()
    await userEvent.click(screen.getByRole('button', { name: 'More: Pit' }))
    expect(onChange).toHaveBeenCalledWith('pit', 1)
    await expectAccessible(container)
  })

  it('lights one price level at a time', async () => {
    const onLight = vi.fn()
    const { container, rerender } = draw(<Legend bands={prices.bands} lit={null} onLight={onLight} accessible />)
    await userEvent.click(screen.getByRole('button', { name: /Best/ }))
    expect(onLight).toHaveBeenCalledWith('best')
    rerender(<Speaking language="de"><main><Legend bands={prices.bands} lit="best" onLight={onLight} accessible /></main></Speaking>)
    await userEvent.click(screen.getByRole('button', { name: /Best/ }))
    expect(onLight).toHaveBeenLastCalledWith(null)
    await expectAccessible(container)
  })
})
