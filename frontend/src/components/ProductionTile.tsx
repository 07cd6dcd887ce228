import { Link } from 'wouter'
import type { ProductionCard } from '../api/types'
import { useSpeech } from '../i18n'
import { Poster } from './Poster'
import './tiles.css'

export function ProductionTile({ production }: { production: ProductionCard }) {
  const { t, f } = useSpeech()
  const { next_show_at: next, time_zone: zone } = production
  const where = [production.venues[0]?.name, production.cities[0]].filter(Boolean).join(', ')
  return (
    <article className="tile">
      <Link href={`/productions/${production.id}`} className="tile__link">
        <Poster url={production.poster_url} />
        <h3 className="tile__title">{production.title}</h3>
      </Link>
      <p className="tile__when">{next ? `${f.day(next, zone)}, ${f.time(next, zone)}` : t.home.noShow}{production.show_count > 1 && <span className="soft"> · {t.home.shows(production.show_count)}</span>}</p>
      <p className="tile__where soft">{where}</p>
      <p className="tile__price">
        {production.availability === 'sold_out' ? <span>{t.availability.sold_out}</span> : production.price_from && <span>{t.common.from_price(f.money(production.price_from))}</span>}
        {production.availability === 'few' && <span className="tile__few">{t.availability.few}</span>}
      </p>
    </article>
  )
}
