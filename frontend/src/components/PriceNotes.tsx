import type { Show } from '../api/types'
import { useSpeech } from '../i18n'

/** What is not in any ticket's price because it comes once an order, and until when prices are what they are. */
export function PriceNotes({ show }: { show: Show }) {
  const { t, f } = useSpeech()
  const lists = new Map<string, string>()
  for (const price of show.price_levels.flatMap((level) => level.prices)) if (price.price_list && price.until) lists.set(price.price_list, price.until)
  if (lists.size === 0 && show.order_fees.length === 0) return null
  return (
    <div className="soft small">
      {[...lists].map(([list, until]) => <p key={list}>{t.checkout.priceUntil(list, `${f.day(until, show.time_zone)}, ${f.time(until, show.time_zone)}`)}</p>)}
      {show.order_fees.map((fee) => <p key={fee.name}>{t.checkout.orderFee(fee.name, fee.amount ? f.money(fee.amount) : `${f.number((fee.percent_bp ?? 0) / 100)} %`)}</p>)}
    </div>
  )
}
