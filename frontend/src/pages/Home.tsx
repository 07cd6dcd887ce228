import { useEffect, useRef, useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { useProductions, useSite, type ProductionFilter } from '../api/queries'
import type { Facet, Facets, ProductionCard } from '../api/types'
import { DayRow } from '../components/DayRow'
import { Poster } from '../components/Poster'
import { ProductionTile } from '../components/ProductionTile'
import { Shell } from '../components/Shell'
import { Trouble } from '../components/Trouble'
import { TryThis } from '../components/TryThis'
import { useSpeech } from '../i18n'
import { Button, SelectField, TextField, Waiting, buttonClass } from '../ui'
import './home.css'

const FILTERS = ['q', 'kind', 'city', 'venue', 'date'] as const
type FilterName = (typeof FILTERS)[number]

export function Home() {
  const { t } = useSpeech()
  const site = useSite().data
  const [params, setParams] = useSearchParams()
  const filter: ProductionFilter = Object.fromEntries(FILTERS.flatMap((name) => (params.get(name) ? [[name, params.get(name)]] : [])))
  const filtered = Object.keys(filter).length > 0
  const found = useProductions(filter)
  const set = (name: FilterName, value: string | undefined) =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      if (value) next.set(name, value)
      else next.delete(name)
      return next
    }, { replace: true })
  const clear = () => setParams({}, { replace: true })
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  const [lead, ...others] = items
  const withLead = !filtered && lead !== undefined
  return (
    <Shell title={t.nav.whatsOn}>
      <div className="page">
        <div className="masthead">
          <h1 className="display masthead__title">{t.home.title}</h1>
          <DayRow value={filter.date} onChange={(day) => set('date', day)} />
        </div>
        {(filtered || !found.isSuccess || items.length > 0) && <Filters filter={filter} facets={found.data?.pages[0]?.facets ?? {}} onChange={set} />}
      </div>
      <section className="page bill" aria-busy={found.isFetching} aria-label={t.nav.whatsOn}>
        {found.isPending && <Waiting label={t.common.loading} />}
        {found.isError && <Trouble error={found.error} again={() => void found.refetch()} />}
        {found.isSuccess && items.length === 0 && <Empty filtered={filtered} unopened={site?.setup_needed === true} clear={clear} />}
        {filtered && items.length > 0 && (
          <p className="bill__count"><span role="status">{t.home.found(items.length)}</span> <Button look="plain" small onClick={clear}>{t.home.clear}</Button></p>
        )}
        {withLead && <Lead production={lead} />}
      </section>
      {site?.demo && !filtered && <TryThis showOf={lead?.id} />}
      <div className="page bill">
        {items.length > 0 && (
          <ul className="tiles">
            {(withLead ? others : items).map((one) => <li key={one.id}><ProductionTile production={one} /></li>)}
          </ul>
        )}
        {found.hasNextPage && <Button className="bill__more" onClick={() => void found.fetchNextPage()}>{t.home.more}</Button>}
      </div>
    </Shell>
  )
}

function Lead({ production }: { production: ProductionCard }) {
  const { t, f } = useSpeech()
  const { next_show_at: next, time_zone: zone } = production
  return (
    <article className="lead">
      <Link href={`/productions/${production.id}`} className="lead__poster" tabIndex={-1} aria-hidden="true"><Poster url={production.poster_url} eager /></Link>
      <div className="lead__words">
        <p className="lead__when">{next ? `${t.home.next}: ${f.day(next, zone)}, ${f.time(next, zone)}` : t.home.noShow}</p>
        <h2 className="display lead__title"><Link href={`/productions/${production.id}`}>{production.title}</Link></h2>
        {production.subtitle && <p className="lead__subtitle">{production.subtitle}</p>}
        {production.summary && <p className="prose lead__summary">{production.summary}</p>}
        <p className="lead__where">{production.venues.map((venue) => venue.name).join(', ')}{production.cities[0] && `, ${production.cities[0]}`}</p>
        <p className="lead__act">
          <Link href={`/productions/${production.id}`} className={buttonClass('lamp')}>{t.home.choose}</Link>
          {production.price_from && <span className="lead__price">{t.common.from_price(f.money(production.price_from))}</span>}
        </p>
      </div>
    </article>
  )
}

function Empty({ filtered, unopened, clear }: { filtered: boolean; unopened: boolean; clear(): void }) {
  const { t } = useSpeech()
  return (
    <div className="nothing">
      <p className="display nothing__title">{filtered ? t.home.empty : unopened ? t.home.unopened : t.home.nothing}</p>
      <p className="prose">{filtered ? t.home.emptyHint : unopened ? t.home.unopenedHint : t.home.nothingHint}</p>
      {filtered && <Button look="ink" onClick={clear}>{t.home.clear}</Button>}
    </div>
  )
}

const TYPING_MS = 250

/** Asks when somebody has stopped typing, not at every letter. */
function Search({ value, onChange }: { value: string; onChange(words: string): void }) {
  const { t } = useSpeech()
  const [typed, setTyped] = useState(value)
  const tell = useRef(onChange)
  useEffect(() => { tell.current = onChange })
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => tell.current(typed), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, value])
  return <TextField label={t.home.search} type="search" maxLength={200} value={typed} onChange={(event) => setTyped(event.target.value)} />
}

type FiltersProps = { filter: ProductionFilter; facets: Facets; onChange(name: FilterName, value: string | undefined): void }

function Filters({ filter, facets, onChange }: FiltersProps) {
  const { t } = useSpeech()
  const active = FILTERS.filter((name) => name !== 'date' && filter[name]).length
  const [open, setOpen] = useState(active > 0)
  const options = (list: Facet[] | undefined, value: string | undefined, name = (facet: Facet) => facet.label ?? facet.value) => {
    const known = list ?? []
    const missing = value && !known.some((facet) => facet.value === value) ? [{ value, label: value }] : []
    return [{ value: '', label: t.common.all }, ...missing, ...known.map((facet) => ({ value: facet.value, label: `${name(facet)} (${facet.count})` }))]
  }
  return (
    <div className="filters">
      <Button className="filters__open" look="line" small aria-expanded={open} aria-controls="filters" onClick={() => setOpen(!open)}>{t.home.filters}{active > 0 && ` (${active})`}</Button>
      <form id="filters" className={open ? 'filters__form filters__form--open' : 'filters__form'} role="search" onSubmit={(event) => event.preventDefault()}>
        <Search value={filter.q ?? ''} onChange={(words) => onChange('q', words || undefined)} />
        <SelectField label={t.home.kind} value={filter.kind ?? ''} choices={options(facets.kind, filter.kind, (facet) => t.kinds[facet.value] ?? facet.label ?? facet.value)} onChange={(event) => onChange('kind', event.target.value || undefined)} />
        <SelectField label={t.home.city} value={filter.city ?? ''} choices={options(facets.city, filter.city)} onChange={(event) => onChange('city', event.target.value || undefined)} />
        <SelectField label={t.home.venue} value={filter.venue ?? ''} choices={options(facets.venue, filter.venue)} onChange={(event) => onChange('venue', event.target.value || undefined)} />
      </form>
    </div>
  )
}
