import type { Band } from '../map/palette'
import { useSpeech } from '../i18n'
import { Sign } from './Sign'

type Props = { bands: readonly Band[]; lit: string | null; onLight(key: string | null): void; accessible: boolean }

/** The price levels by letter, colour and price; pressing one keeps only its seats lit. Below, what the signs mean. */
export function Legend({ bands, lit, onLight, accessible }: Props) {
  const { t, f } = useSpeech()
  return (
    <div className="legend">
      <ul className="legend__levels" aria-label={t.show.levels}>
        {bands.map((band) => (
          <li key={band.key}>
            <button type="button" className="legend__level" aria-pressed={lit === band.key} onClick={() => onLight(lit === band.key ? null : band.key)}>
              <span className="legend__letter" style={{ backgroundColor: band.color }}>{band.letter}</span>
              <span className="legend__name">{band.name}</span>
              <span className="legend__price">{f.money({ amount: band.price, currency: band.currency })}</span>
            </button>
          </li>
        ))}
      </ul>
      <dl className="legend__signs" aria-label={t.show.legendStates}>
        {(['available', 'held', 'booked', 'blocked', 'chosen', 'yours', ...(accessible ? (['accessible'] as const) : [])] as const).map((sign) => (
          <div key={sign} className="legend__sign"><dt><Sign sign={sign} /></dt><dd>{t.show[sign]}</dd></div>
        ))}
      </dl>
    </div>
  )
}
