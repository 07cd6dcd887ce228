/** The colours of the map: see docs/DESIGN.md, "The seat map". */
import type { PriceLevel } from '../api/types'

/** From the dearest to the cheapest; lightness falls, so that the order survives any kind of colour blindness. */
const RAMP = ['#FBD9EA', '#D0A5F4', '#7FA7F5', '#3FA3A8', '#56836A', '#7C6D88', '#9A4F3E', '#48579A'] as const
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

export const INK = '#1B1022'
export const HOUSE_2 = '#291A33'
export const HOUSE_3 = '#3C2A48'
export const FAINT = '#5C4A69'
export const HAZE = '#B3A6BD'
export const LAMP = '#FFC629'
export const ALARM = '#FF8A78'
export const PLASTER = '#EFEDF1'

export type Band = { key: string; name: string; category: string; letter: string; color: string; price: number; currency: string }

/** The price levels from the dearest to the cheapest, each with its letter and colour. `defaultType` prices them. */
export function bands(levels: readonly PriceLevel[], defaultType: string | undefined): Band[] {
  const priced = levels.map((level) => {
    const price = (level.prices.find((one) => one.ticket_type === defaultType) ?? level.prices[0])?.price
    return { key: level.key, name: level.name, category: level.category, price: price?.amount ?? 0, currency: price?.currency ?? '' }
  })
  priced.sort((a, b) => b.price - a.price)
  return priced.map((level, rank) => ({ ...level, letter: LETTERS[rank] ?? '?', color: shade(rank, priced.length) }))
}

/** Few levels are spread over the ramp, so that two of them never look like neighbours. */
function shade(rank: number, count: number): string {
  const last = RAMP.length - 1
  // The two darkest are for houses with that many levels; the greys and blues before them are easier to tell apart.
  const usual = 4
  const at = count <= 1 ? 1 : count > usual + 1 ? Math.min(rank, last) : Math.round((rank * usual) / (count - 1))
  return RAMP[at] ?? RAMP[last] ?? HAZE
}

/** The colour of each category of a plan, by its number; what has no price is grey. */
export function categoryColors(categories: readonly string[], levels: readonly Band[]): string[] {
  return categories.map((name) => levels.find((level) => level.category === name)?.color ?? FAINT)
}
