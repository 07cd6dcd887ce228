/** What the back office reads and writes of prices: fees, taxes, promo codes, vouchers, lists that are valid for a while. */
import type { Money } from '../../api/types'
import { minorUnits, type PriceTable } from './api'

export type Only = { shows: string[]; countries: string[]; price_levels: string[]; ticket_types: string[] }
export type FeeAmount = { fixed: Money } | { percent_bp: number }
export type Fee = { name: string; per: 'ticket' | 'order'; amount: FeeAmount; only?: Only }
export type Tax = { name: string; rate_bp: number; included: boolean; on: 'all' | 'tickets' | 'fees'; only?: Only }
export type PriceRules = { fees: Fee[]; taxes: Tax[] }
export type Discount = { percent_bp: number } | { per_ticket: Money } | { per_order: Money }
export type PromoCode = {
  id: string; organizer_id: string; code: string; discount: Discount; only: Only; valid_from: string | null; valid_until: string | null
  uses_max: number | null; per_customer_max: number | null; note: string; uses: number; archived_at: string | null; version: number
}
export type Voucher = {
  id: string; organizer_id: string; prefix: string; amount: Money; balance: Money; valid_until: string | null; reason: string; voided_at: string | null; version: number; created_at: string
}
export type Movement = { id: string; kind: 'issued' | 'taken' | 'returned' | 'given_back' | 'voided'; amount: Money; order_id: string | null; order_number: string | null; at: string }
export type TimedPrices = { name: string; valid_from: string | null; valid_until: string | null; prices: { price_level: string; ticket_type: string; amount: number }[] }
export type ShowPrices = PriceTable & { timed: TimedPrices[]; currency: string; version: number }

export const EVERYTHING: Only = { shows: [], countries: [], price_levels: [], ticket_types: [] }

/** "8,25" or "8.25" percent as hundredths of a percent; null where it isn't one between nothing and all. */
export function basisPoints(typed: string): number | null {
  const text = typed.trim().replace('%', '').trim().replace(',', '.')
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(text)) return null
  const [whole = '0', rest = ''] = text.split('.')
  const points = Number(whole) * 100 + Number(rest.padEnd(2, '0'))
  return points <= 10_000 ? points : null
}

export const percent = (points: number): string => String(points / 100)

/** Minor units as they are typed: 4550 of a currency with two decimals is "45.5". */
export function typedAmount(money: Money): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency: money.currency }).resolvedOptions().maximumFractionDigits ?? 2
  return (money.amount / 10 ** digits).toFixed(money.amount % 10 ** digits === 0 ? 0 : digits)
}

/** "adult, child" as keys. */
export const listed = (typed: string): string[] => [...new Set(typed.split(/[,;]/).map((word) => word.trim()).filter((word) => word !== ''))]

/** What is typed as an amount or, with "%", as a percentage; null where it is neither. */
export function amountTyped(typed: string, currency: string): FeeAmount | null {
  if (typed.includes('%')) {
    const points = basisPoints(typed)
    return points ? { percent_bp: points } : null
  }
  const amount = minorUnits(typed, currency)
  return amount ? { fixed: { amount, currency } } : null
}

export const amountSaid = (amount: FeeAmount): string => ('fixed' in amount ? typedAmount(amount.fixed) : `${percent(amount.percent_bp)} %`)

/** What a table's key and a list's typed prices come to; empty fields are left to the table. Null where one is no price. */
export function timedPrices(table: PriceTable, typed: Readonly<Record<string, string>>, currency: string): TimedPrices['prices'] | null {
  const prices: TimedPrices['prices'] = []
  for (const level of table.price_levels) {
    for (const type of table.ticket_types) {
      const text = (typed[`${level.key} ${type.key}`] ?? '').trim()
      if (text === '') continue
      const amount = minorUnits(text, currency)
      if (amount === null) return null
      prices.push({ price_level: level.key, ticket_type: type.key, amount })
    }
  }
  return prices
}

/** A moment as the clock on the wall there shows it, for a field of date and time. */
export function wallTime(moment: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).formatToParts(new Date(moment))
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`
}
