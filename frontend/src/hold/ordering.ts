/** Turns a hold into an order, once: the request is written down before it leaves, and asked again with the same key. */
import { isUncertain, newKey } from '../api/client'
import type { AreaQuantity, OrderRequest, TicketChoice } from '../api/types'
import { holdApi, type HoldApi, type OrderAnswer } from './api'
import { changeRecord, readRecord, rememberOrder } from './record'

export async function placeOrder(show: string, body: OrderRequest, api: Pick<HoldApi, 'order'> = holdApi): Promise<OrderAnswer> {
  const before = readRecord(show).ordering
  // The same wish keeps its key, so that pressing again can't pay twice; another wish is another request.
  const key = before && JSON.stringify(before.body) === JSON.stringify(body) ? before.key : newKey()
  changeRecord(show, { ordering: { key, body } })
  try {
    const answer = await api.order(body, key)
    rememberOrder(answer.order.id, answer.order.token ?? '')
    changeRecord(show, { ordering: undefined, order: answer.order.id })
    return answer
  } catch (error) {
    if (!isUncertain(error)) changeRecord(show, { ordering: undefined })
    throw error
  }
}

/** One place to be ticketed: a seat, or one of several places in an area. */
export type Place = { key: string; seat: string | null; area: string | null }

export function placesOf(seats: readonly string[], areas: readonly AreaQuantity[]): Place[] {
  return [
    ...seats.map((seat) => ({ key: seat, seat, area: null })),
    ...areas.flatMap((one) => Array.from({ length: one.quantity }, (_, no) => ({ key: `${one.area} ${no}`, seat: null, area: one.area }))),
  ]
}

/** The ticket types as the server takes them: by seat, and by area with a count. */
export function ticketChoices(places: readonly Place[], types: Readonly<Record<string, string>>, standard: string): TicketChoice[] {
  const choices: TicketChoice[] = []
  for (const place of places) {
    const type = types[place.key] ?? standard
    if (place.seat !== null) choices.push({ seat: place.seat, ticket_type: type })
    else if (place.area !== null) {
      const same = choices.find((choice) => choice.area === place.area && choice.ticket_type === type)
      if (same) same.quantity = (same.quantity ?? 1) + 1
      else choices.push({ area: place.area, quantity: 1, ticket_type: type })
    }
  }
  return choices
}
