import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem, Unreachable } from '../api/client'
import type { Hold } from '../api/types'
import type { HoldApi } from './api'
import { Basket } from './basket'
import { clock, canExtend, isEnding, leaseFrom, leftMs } from './lease'
import { changeRecord, readRecord, rememberOrder } from './record'

const SHOW = 'show-1'
const open: Hold = { id: 'h1', token: 't1', show_id: SHOW, state: 'open', seats: ['A-1', 'A-2'], placement: 'one_row', areas: [], expires_at: '2026-01-01T00:08:00Z', expires_in_ms: 480_000, paused: false, extendable_until: '2026-01-01T00:20:00Z', pay_by: null }
const no = (code: string, status = 409, seats: string[] = []) => new Problem({ status, code, seats })

function server(): { [K in keyof HoldApi]: ReturnType<typeof vi.fn<HoldApi[K]>> } {
  return {
    create: vi.fn<HoldApi['create']>(async () => open),
    get: vi.fn<HoldApi['get']>(async () => open),
    patch: vi.fn<HoldApi['patch']>(async () => open),
    extend: vi.fn<HoldApi['extend']>(async () => ({ ...open, expires_in_ms: 900_000 })),
    release: vi.fn<HoldApi['release']>(async () => undefined),
    order: vi.fn<HoldApi['order']>(),
    reopen: vi.fn<HoldApi['reopen']>(async () => [open]),
  }
}

let api: ReturnType<typeof server>
let now = 1000
const basket = () => new Basket(SHOW, { api, now: () => now })
beforeEach(() => { api = server(); now = 1000 })

describe('holding', () => {
  it('stores the key before it asks, and forgets it when it has the answer', async () => {
    api.create.mockImplementation(async (_show, body, key) => {
      expect(readRecord(SHOW).asking).toEqual({ key, body })
      return open
    })
    const one = basket()
    one.toggle('A-1')
    one.toggle('A-2')
    await one.hold()
    expect(api.create).toHaveBeenCalledWith(SHOW, { seats: ['A-1', 'A-2'] }, expect.stringMatching(/^.{22,}$/))
    expect(readRecord(SHOW)).toEqual({ hold: { id: 'h1', token: 't1' } })
    expect(one.state.lease).toEqual({ endsAt: 481_000 })
  })

  it('asks again with the same key after a lost answer, also from a new tab', async () => {
    api.create.mockRejectedValueOnce(new Unreachable(null))
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    expect(one.state.uncertain).toBe(true)
    const next = basket()
    await next.resume('reopen')
    expect(api.create.mock.calls[0]?.[2]).toBe(api.create.mock.calls[1]?.[2])
    expect(next.state.hold?.id).toBe('h1')
  })

  it('keeps the key after a 503, and drops it after a refusal', async () => {
    const one = basket()
    one.toggle('A-1')
    api.create.mockRejectedValueOnce(no('busy', 503))
    await one.hold()
    expect(readRecord(SHOW).asking).toBeDefined()
    api.create.mockRejectedValueOnce(no('sales_paused'))
    await one.askAgain()
    expect(readRecord(SHOW).asking).toBeUndefined()
  })

  it('names the seats that were lost and keeps the others chosen', async () => {
    api.create.mockRejectedValueOnce(no('seats_taken', 409, ['A-2']))
    const one = basket()
    for (const seat of ['A-1', 'A-2', 'A-3']) one.toggle(seat)
    await one.hold()
    expect(one.state.lost).toEqual(['A-2'])
    expect(one.state.chosen).toEqual(['A-1', 'A-3'])
    expect(one.state.hold).toBeNull()
  })

  it('keeps the hold as it was when a further seat is refused', async () => {
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    api.patch.mockRejectedValueOnce(no('seats_taken', 409, ['A-9']))
    one.toggle('A-9')
    await vi.waitFor(() => expect(one.state.task).toBeNull())
    expect(one.state.hold).toEqual(open)
    expect(one.state.lost).toEqual(['A-9'])
    expect(one.state.chosen).toEqual([])
  })

  it('says the new total of the area that changed, and zero where none is left', async () => {
    api.create.mockResolvedValueOnce({ ...open, areas: [{ area: 'floor', quantity: 2 }] })
    const one = basket()
    one.setArea('floor', 2)
    await one.hold()
    one.setArea('floor', 0)
    await vi.waitFor(() => expect(api.patch).toHaveBeenCalledWith(SHOW, 'h1', 't1', { add: [], remove: [], areas: [{ area: 'floor', quantity: 0 }] }))
  })

  it('gives the hold back when its last seat is taken out', async () => {
    api.create.mockResolvedValueOnce({ ...open, seats: ['A-1'] })
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    one.toggle('A-1')
    await vi.waitFor(() => expect(api.release).toHaveBeenCalledOnce())
    expect(api.patch).not.toHaveBeenCalled()
  })
})

describe('coming back', () => {
  it('finds its hold after a reload', async () => {
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' } })
    const one = basket()
    await one.resume('reopen')
    expect(api.get).toHaveBeenCalledWith(SHOW, 'h1', 't1')
    expect(one.state.hold?.seats).toEqual(['A-1', 'A-2'])
  })

  it('opens the hold again when it comes back from the payment page', async () => {
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' }, order: 'o1' })
    rememberOrder('o1', 'ot')
    api.get.mockResolvedValueOnce({ ...open, state: 'paying', expires_in_ms: null })
    const one = basket()
    await one.resume('reopen')
    expect(api.reopen).toHaveBeenCalledWith('o1', 'ot')
    expect(one.state.hold?.state).toBe('open')
    expect(readRecord(SHOW).order).toBeUndefined()
  })

  it('leaves a payment alone that runs in another tab', async () => {
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' }, order: 'o1' })
    rememberOrder('o1', 'ot')
    api.get.mockResolvedValueOnce({ ...open, state: 'paying', expires_in_ms: null })
    const one = basket()
    await one.resume('look')
    expect(api.reopen).not.toHaveBeenCalled()
    expect(one.state.hold?.state).toBe('paying')
  })

  it('asks for a lost order again with its own key, and then opens the hold', async () => {
    const body = { holds: [], customer: { name: 'A', email: 'a@b.c' } }
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' }, ordering: { key: 'k'.repeat(22), body } })
    api.get.mockResolvedValueOnce({ ...open, state: 'paying', expires_in_ms: null })
    api.order.mockResolvedValueOnce({ order: { id: 'o9', token: 'ot9' } as never, payment: null })
    const one = basket()
    await one.resume('reopen')
    expect(api.order).toHaveBeenCalledWith(body, 'k'.repeat(22))
    expect(api.reopen).toHaveBeenCalledWith('o9', 'ot9')
    expect(one.state.hold?.state).toBe('open')
  })

  it('marks chosen seats that somebody else got meanwhile, but none of a hold', async () => {
    const one = basket()
    one.toggle('A-1')
    one.toggle('A-2')
    one.lose(['A-2'])
    expect(one.state).toMatchObject({ chosen: ['A-1'], lost: ['A-2'] })
    await one.hold()
    one.lose(['A-1'])
    expect(one.state.lost).toEqual([])
  })

  it('says that the hold lapsed, and keeps the seats chosen', async () => {
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    api.get.mockRejectedValueOnce(no('hold_lapsed', 410))
    await one.resume('reopen')
    expect(one.state).toMatchObject({ ended: 'lapsed', hold: null, chosen: ['A-1', 'A-2'] })
    expect(readRecord(SHOW)).toEqual({})
  })

  it('points to the order when the hold was booked meanwhile', async () => {
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' }, order: 'o1' })
    api.get.mockRejectedValueOnce(no('hold_not_open'))
    const one = basket()
    await one.resume('reopen')
    expect(one.state).toMatchObject({ ended: 'booked', order: 'o1', hold: null })
  })

  it('keeps what it remembers while the server cannot be reached', async () => {
    changeRecord(SHOW, { hold: { id: 'h1', token: 't1' } })
    api.get.mockRejectedValueOnce(new Unreachable(null))
    const one = basket()
    await one.resume('reopen')
    expect(readRecord(SHOW).hold).toEqual({ id: 'h1', token: 't1' })
  })

  it('believes the live feed about its own hold and no other', async () => {
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    one.takeEnded('h2', 'lapsed')
    expect(one.state.hold).not.toBeNull()
    one.takeEnded('h1', 'lapsed')
    expect(one.state).toMatchObject({ hold: null, ended: 'lapsed' })
  })
})

describe('the clock of a hold', () => {
  it('lives until its deadline and not at it', () => {
    const lease = leaseFrom(1000, 50)
    expect(leftMs(lease, 1049)).toBe(1)
    expect(leftMs(lease, 1050)).toBe(0)
    expect(leftMs(lease, 9999)).toBe(0)
  })
  it('says 0:00 only when it is over', () => {
    expect([clock(480_000), clock(61_001), clock(1), clock(0)]).toEqual(['8:00', '1:02', '0:01', '0:00'])
  })
  it('stands still while the show is paused, and asks nobody to hurry', () => {
    const lease = leaseFrom(60_000, 0, true)
    expect([leftMs(lease, 0), leftMs(lease, 59_999), leftMs(lease, 3_600_000)]).toEqual([60_000, 60_000, 60_000])
    expect(isEnding(lease, 0)).toBe(false)
  })
  it('goes on with what it had when the live feed says so', async () => {
    const one = basket()
    one.toggle('A-1')
    await one.hold()
    now = 61_000
    one.takeLive({ ...open, expires_in_ms: 420_000, paused: true })
    now = 999_000
    expect(one.state.lease && leftMs(one.state.lease, now)).toBe(420_000)
    one.takeLive({ ...open, expires_in_ms: 420_000 })
    expect(one.state.lease).toEqual({ endsAt: 1_419_000 })
    one.stop()
  })
  it('warns ninety seconds before the end', () => {
    const lease = leaseFrom(90_001, 0)
    expect(isEnding(lease, 0)).toBe(false)
    expect(isEnding(lease, 1)).toBe(true)
  })
  it('offers more time only while there is some to give', () => {
    expect(canExtend(open)).toBe(true)
    expect(canExtend({ expires_at: open.extendable_until, extendable_until: open.extendable_until })).toBe(false)
    expect(canExtend({ expires_at: null, extendable_until: open.extendable_until })).toBe(false)
  })
})
