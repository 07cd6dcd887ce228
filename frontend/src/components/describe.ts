/** How a seat, an area and their prices are said. Pure: the language comes in. */
import type { Show } from '../api/types'
import type { Formats } from '../i18n'
import type { Messages } from '../i18n/en'
import { AVAILABLE, BLOCKED, BOOKED, HELD, type SeatCode } from '../live/seats'
import { bands, categoryColors, type Band } from '../map/palette'
import { areasOf, sectionOf, type Plan } from '../map/plan'

export type Pricing = {
  bands: Band[]
  /** By the plan's category number. */
  colors: string[]
  bandOf: (Band | undefined)[]
}

export function pricing(show: Show, plan: Plan): Pricing {
  const defaultType = (show.ticket_types.find((type) => type.default) ?? show.ticket_types[0])?.key
  const levels = bands(show.price_levels, defaultType)
  return { bands: levels, colors: categoryColors(plan.categories, levels), bandOf: plan.categories.map((name) => levels.find((band) => band.category === name)) }
}

export function seatName(plan: Plan, place: number, t: Messages): string {
  return t.show.seat(sectionOf(plan, place)?.name ?? '', plan.rows[plan.row[place] ?? -1]?.phrase ?? '', plan.number[place] ?? '')
}

export const guidName = (plan: Plan, guid: string, t: Messages): string => {
  const place = plan.placeOf.get(guid)
  return place === undefined ? guid : seatName(plan, place, t)
}

export function bandAt(plan: Plan, place: number, prices: Pricing): Band | undefined {
  return prices.bandOf[plan.category[place] ?? 0]
}

const STATE_WORD: Record<SeatCode, 'available' | 'held' | 'booked' | 'blocked'> = { [AVAILABLE]: 'available', [HELD]: 'held', [BOOKED]: 'booked', [BLOCKED]: 'blocked' }
export const stateWord = (code: SeatCode, t: Messages): string => t.show[STATE_WORD[code]]

/** Everything about a seat that somebody who doesn't see the map must hear. */
export function seatWords(plan: Plan, place: number, code: SeatCode, own: 'chosen' | 'yours' | null, prices: Pricing, t: Messages, f: Formats, withName = true): string[] {
  const band = bandAt(plan, place, prices)
  return [
    withName ? seatName(plan, place, t) : '',
    band ? `${band.name}, ${f.money({ amount: band.price, currency: band.currency })}` : '',
    own ? t.show[own] : stateWord(code, t),
    plan.accessible[place] ? t.show.accessible : '',
    plan.companion[place] ? t.show.companion : '',
    plan.restricted[place] ? t.show.restricted : '',
  ].filter((word) => word !== '')
}

export type BasketItem = { key: string; name: string; band: Band | undefined; quantity: number; amount: number; seat: string | null; area: string | null }

/** What a basket holds, with the price of the default ticket type; the quote at the check-out has the last word. */
export function basketItems(seats: readonly string[], areas: readonly { area: string; quantity: number }[], plan: Plan, prices: Pricing, t: Messages): BasketItem[] {
  const pools = areasOf(plan)
  return [
    ...seats.map((guid): BasketItem => {
      const place = plan.placeOf.get(guid)
      const band = place === undefined ? undefined : bandAt(plan, place, prices)
      return { key: guid, name: guidName(plan, guid, t), band, quantity: 1, amount: band?.price ?? 0, seat: guid, area: null }
    }),
    ...areas.filter((one) => one.quantity > 0).map((one): BasketItem => {
      const pool = pools.find((area) => area.id === one.area)
      const band = pool && prices.bandOf[pool.category]
      return { key: `area ${one.area}`, name: pool?.name ?? one.area, band, quantity: one.quantity, amount: (band?.price ?? 0) * one.quantity, seat: null, area: one.area }
    }),
  ]
}
