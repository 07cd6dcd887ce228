import { expect, it, vi } from 'vitest'
import { Problem, Unreachable } from '../api/client'
import type { OrderRequest } from '../api/types'
import type { HoldApi } from './api'
import { placeOrder, placesOf, ticketChoices } from './ordering'
import { orderToken, readRecord } from './record'

const body: OrderRequest = { holds: [], customer: { name: 'Ada', email: 'ada@example.org' } }
const answer = { order: { id: 'o1', token: 'ot' } as never, payment: null }

it('pressing pay again after a lost answer is the same request', async () => {
  const order = vi.fn<HoldApi['order']>().mockRejectedValueOnce(new Unreachable(null)).mockResolvedValueOnce(answer)
  await expect(placeOrder('s', body, { order })).rejects.toThrow()
  await placeOrder('s', body, { order })
  expect(order.mock.calls[0]?.[1]).toBe(order.mock.calls[1]?.[1])
  expect(orderToken('o1')).toBe('ot')
  expect(readRecord('s')).toEqual({ order: 'o1' })
})

it('another wish has another key', async () => {
  const order = vi.fn<HoldApi['order']>().mockRejectedValueOnce(new Unreachable(null)).mockResolvedValueOnce(answer)
  await expect(placeOrder('s', body, { order })).rejects.toThrow()
  await placeOrder('s', { ...body, customer: { name: 'Bo', email: 'bo@example.org' } }, { order })
  expect(order.mock.calls[0]?.[1]).not.toBe(order.mock.calls[1]?.[1])
})

it('a refusal leaves nothing to be repeated', async () => {
  const order = vi.fn<HoldApi['order']>().mockRejectedValue(new Problem({ status: 410, code: 'hold_lapsed' }))
  await expect(placeOrder('s', body, { order })).rejects.toThrow()
  expect(readRecord('s').ordering).toBeUndefined()
})

it('counts the places of an area by ticket type', () => {
  const places = placesOf(['A-1'], [{ area: 'floor', quantity: 3 }])
  expect(ticketChoices(places, { 'floor 1': 'student' }, 'adult')).toEqual([
    { seat: 'A-1', ticket_type: 'adult' },
    { area: 'floor', quantity: 2, ticket_type: 'adult' },
    { area: 'floor', quantity: 1, ticket_type: 'student' },
  ])
})
