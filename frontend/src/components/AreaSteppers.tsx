import type { AreaQuantity } from '../api/types'
import { useSpeech } from '../i18n'
import type { SeatStore } from '../live/seats'
import { useSeatVersion } from '../live/useLive'
import { areasOf, type Plan } from '../map/plan'
import { Stepper } from '../ui'
import type { Pricing } from './describe'

type Props = { plan: Plan; store: SeatStore; prices: Pricing; wanted: readonly AreaQuantity[]; max: number; busy: boolean; pointed: string | null; onChange(area: string, quantity: number): void }

/** Places without numbers, by count. */
export function AreaSteppers({ plan, store, prices, wanted, max, busy, pointed, onChange }: Props) {
  const { t, f } = useSpeech()
  useSeatVersion(store)
  const areas = areasOf(plan)
  if (areas.length === 0) return null
  return (
    <section className="areas" aria-label={t.show.areaTitle}>
      <h2 className="areas__title">{t.show.areaTitle}</h2>
      <ul>
        {areas.map((area) => {
          const quantity = wanted.find((one) => one.area === area.id)?.quantity ?? 0
          const band = prices.bandOf[area.category]
          return (
            <li key={area.id} className={pointed === area.id ? 'areas__area areas__area--pointed' : 'areas__area'}>
              <span><strong>{area.name}</strong><br /><span className="soft small">{band && `${f.money({ amount: band.price, currency: band.currency })} · `}{t.show.left(store.areaAvailable(area.id))}</span></span>
              <Stepper value={quantity} max={Math.min(max, quantity + store.areaAvailable(area.id))} label={area.name} less={t.show.less} more={t.show.moreOf} disabled={busy} onChange={(next) => onChange(area.id, next)} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}
