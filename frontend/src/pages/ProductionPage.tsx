import { Link } from 'wouter'
import { useProduction } from '../api/queries'
import type { Production, ShowCard } from '../api/types'
import { Poster } from '../components/Poster'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { useSpeech } from '../i18n'
import { Waiting } from '../ui'
import './production.css'

export function ProductionPage({ id }: { id: string }) {
  const { t } = useSpeech()
  const production = useProduction(id)
  return (
    <Shell title={production.data?.title ?? ''}>
      <div className="page">
        {production.isPending && <Waiting label={t.common.loading} />}
        {production.isError && <Trouble error={production.error} again={() => void production.refetch()} />}
        {production.data && <Bill production={production.data} />}
      </div>
    </Shell>
  )
}

function Bill({ production }: { production: Production }) {
  const { t, f } = useSpeech()
  const facts: [string, string][] = []
  if (production.duration_min) facts.push([t.production.length, t.common.minutes(production.duration_min)])
  if (production.language) facts.push([t.production.language, f.languageName(production.language)])
  if (production.age_min) facts.push([t.production.age, String(production.age_min)])
  facts.push([t.production.by, production.organizer.name])
  return (
    <article className="production">
      <div className="production__aside">
        <Poster url={production.poster_url} eager />
        <dl className="production__facts">
          {facts.map(([name, value]) => <div key={name}><dt className="soft">{name}</dt><dd>{value}</dd></div>)}
        </dl>
      </div>
      <header className="production__head">
        <p className="soft">{[t.kinds[production.kind] ?? production.kind, production.genre].filter(Boolean).join(', ')}</p>
        <h1 className="display production__title">{production.title}</h1>
        {production.subtitle && <p className="production__subtitle">{production.subtitle}</p>}
      </header>
      <section className="production__dates" aria-labelledby="dates">
        <h2 id="dates" className="production__h">{t.production.dates}</h2>
        {production.shows.length === 0 && <p className="soft">{t.production.noDates}</p>}
        <ul>{production.shows.map((show) => <li key={show.id}><DateLine show={show} /></li>)}</ul>
      </section>
      <div className="production__about">
        {production.description && (
          <section aria-labelledby="about">
            <h2 id="about" className="production__h">{t.production.about}</h2>
            <div className="prose">{production.description.split(/\n{2,}/).map((paragraph) => <p key={paragraph}>{paragraph}</p>)}</div>
          </section>
        )}
        {production.credits.length > 0 && (
          <section aria-labelledby="credits">
            <h2 id="credits" className="production__h">{t.production.credits}</h2>
            <dl className="credits">
              {production.credits.map((credit) => <div key={credit.role + credit.name} className="credits__line"><dt className="soft">{credit.role}</dt><dd>{credit.name}</dd></div>)}
            </dl>
          </section>
        )}
      </div>
    </article>
  )
}

function DateLine({ show }: { show: ShowCard }) {
  const { t, f } = useSpeech()
  const closed = show.state !== 'published'
  return (
    <Link href={`/shows/${show.id}`} className={closed || show.availability === 'sold_out' ? 'date date--closed' : 'date'}>
      <span className="date__day"><span className="date__number">{f.dayNumber(show.starts_at, show.time_zone)}</span><span className="date__month">{f.month(show.starts_at, show.time_zone)}<br />{f.weekday(show.starts_at, show.time_zone)}</span></span>
      <span className="date__where"><strong>{f.time(show.starts_at, show.time_zone)}</strong><span className="soft">{show.venue.name}, {show.venue.city}</span></span>
      <span className="date__price">
        {closed ? t.show.state[show.state] : show.availability === 'sold_out' ? t.availability.sold_out : (
          <>
            {show.price_from && <strong>{t.common.from_price(f.money(show.price_from))}</strong>}
            <span className="soft">{t.availability[show.availability]}</span>
          </>
        )}
      </span>
    </Link>
  )
}
