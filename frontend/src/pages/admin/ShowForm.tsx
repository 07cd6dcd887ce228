import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Link } from 'wouter'
import { call, newKey } from '../../api/client'
import { Button, Notice, SelectField, TextField } from '../../ui'
import { Outcome, fieldError } from './PlaceForms'
import { keyOf, minorUnits, momentAt, useAdminProductions, useMake, usePlans, useShowState, useVenues, type AdminPlan, type PriceTable } from './api'

type NewShow = { production_id: string; venue_id: string; plan_id: string; starts_at: string; doors_at: string | null; prices: PriceTable }
/** What a show made here costs for whom; more types are set in its price table. */
const TYPES = [{ key: 'adult', name: 'Adult', share: 1 }, { key: 'concession', name: 'Concession', share: 0.6 }]
const DOORS_BEFORE_MS = 45 * 60_000

/** A show in one go: what, where, when, what it costs; then it is published. */
export function ShowForm({ currency }: { currency: string }) {
  const productions = useAdminProductions()
  const venues = useVenues()
  const plans = usePlans()
  const make = useMake<NewShow>('shows')
  const state = useShowState()
  const [wish, setWish] = useState({ production: '', venue: '', plan: '', at: '' })
  const [prices, setPrices] = useState<Record<string, string>>({})
  const [key, setKey] = useState(newKey)
  const production = wish.production || productions.data?.[0]?.id || ''
  const venue = venues.data?.find((one) => one.id === wish.venue) ?? venues.data?.[0]
  const fitting = plans.data?.filter((one) => one.venue_id === null || one.venue_id === venue?.id) ?? []
  const plan = fitting.find((one) => one.id === wish.plan) ?? fitting[0]
  const categories = usePlanCategories(plan)
  const table = priceTable(categories.data ?? [], prices, currency)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!venue || !plan || !table) return
    const starts = momentAt(wish.at, venue.time_zone)
    make.mutate(
      { production_id: production, venue_id: venue.id, plan_id: plan.id, starts_at: starts, doors_at: new Date(Date.parse(starts) - DOORS_BEFORE_MS).toISOString(), prices: table, key },
      { onSuccess: () => setKey(newKey()) },
    )
  }
  const made = make.data?.id
  if (productions.data?.length === 0 || venues.data?.length === 0 || plans.data?.length === 0) return <Notice>A show needs a venue, a seat plan and a production. Add them first.</Notice>
  return (
    <form className="sheet" onSubmit={submit}>
      <SelectField label="Production" value={production} choices={(productions.data ?? []).map((one) => ({ value: one.id, label: one.title }))} onChange={(event) => setWish({ ...wish, production: event.target.value })} />
      <div className="sheet__pair">
        <SelectField label="Venue" value={venue?.id ?? ''} choices={(venues.data ?? []).map((one) => ({ value: one.id, label: `${one.name}, ${one.city}` }))} onChange={(event) => setWish({ ...wish, venue: event.target.value })} />
        <SelectField label="Seat plan" value={plan?.id ?? ''} choices={fitting.map((one) => ({ value: one.id, label: one.name }))} onChange={(event) => setWish({ ...wish, plan: event.target.value })} />
      </div>
      <TextField label="Begins" type="datetime-local" required hint={venue ? `Time in ${venue.time_zone.replaceAll('_', ' ')}` : undefined} error={fieldError(make.error, 'starts_at')} value={wish.at} onChange={(event) => setWish({ ...wish, at: event.target.value })} />
      <fieldset className="sheet__part">
        <legend>Prices in {currency}</legend>
        {(categories.data ?? []).map((category) => (
          <TextField key={category} label={category} inputMode="decimal" required value={prices[category] ?? ''} onChange={(event) => setPrices({ ...prices, [category]: event.target.value })} />
        ))}
        <p className="soft small">Concessions pay 60 %. The fees of the house, and taxes that it adds, come on top.</p>
      </fieldset>
      <Outcome error={make.error} made={made ? 'The show is there, as a draft.' : null} />
      {!made && <Button type="submit" look="ink" disabled={make.isPending || !table || !wish.at}>Make the show</Button>}
      {made && !state.isSuccess && <Button look="lamp" disabled={state.isPending} onClick={() => state.mutate({ show: made, action: 'publish' })}>Publish it</Button>}
      {made && state.isSuccess && <Notice kind="lamp"><Link href={`/shows/${made}`}>It is on sale. See its map</Link></Notice>}
      <Outcome error={state.error} made={null} />
    </form>
  )
}

type PlanDetail = AdminPlan & { document?: { categories: { name: string }[] }; plan?: { categories: { name: string }[] } }
function usePlanCategories(plan: AdminPlan | undefined) {
  return useQuery({
    queryKey: ['admin', 'plan', plan?.id], enabled: plan !== undefined,
    queryFn: async ({ signal }) => {
      const detail = await call<PlanDetail>('GET', `/admin/plans/${plan?.id ?? ''}`, undefined, { signal })
      return detail.categories ?? (detail.document ?? detail.plan)?.categories.map((one) => one.name) ?? []
    },
  })
}

/** Null until every category has its price. */
function priceTable(categories: readonly string[], prices: Readonly<Record<string, string>>, currency: string): PriceTable | null {
  const levels = categories.map((category, no) => ({ category, key: keyOf(category, no), amount: minorUnits(prices[category] ?? '', currency) }))
  if (levels.length === 0 || levels.some((level) => level.amount === null)) return null
  return {
    ticket_types: TYPES.map((type, no) => ({ key: type.key, name: type.name, description: '', default: no === 0 })),
    price_levels: levels.map((level) => ({ key: level.key, name: level.category, category: level.category, color: '#7c6d88', prices: TYPES.map((type) => ({ ticket_type: type.key, amount: Math.round((level.amount ?? 0) * type.share) })) })),
  }
}
