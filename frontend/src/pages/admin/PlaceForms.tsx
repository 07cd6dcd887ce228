import { useState, type ChangeEvent, type FormEvent } from 'react'
import { Problem, newKey } from '../../api/client'
import { readPlan } from '../../map/plan'
import type { PlanJson } from '../../map/plan-json'
import { Button, Notice, SelectField, TextField } from '../../ui'
import { useSpeech } from '../../i18n'
import { useAdminProductions, useMake, usePlans, useVenues } from './api'

const KINDS = ['theatre', 'concert', 'opera', 'dance', 'cinema', 'comedy', 'family', 'sport', 'talk']

/** What the server says of one field. */
export const fieldError = (error: unknown, field: string): string | undefined =>
  error instanceof Problem ? error.errors.find((one) => one.field === field || one.field.endsWith(`.${field}`))?.message : undefined

/** What happened to the last press: made, refused, or nothing yet. */
export function Outcome({ error, made }: { error: unknown; made: string | null }) {
  const { f } = useSpeech()
  if (error) {
    const fields = error instanceof Problem ? error.errors : []
    return <Notice kind="alarm"><p>{f.problem(error)}</p>{fields.map((one) => <p key={one.field}>{one.field}: {one.message}</p>)}</Notice>
  }
  return made ? <Notice kind="lamp">{made}</Notice> : null
}

export function VenueForm({ organizer }: { organizer: string }) {
  const venues = useVenues()
  const make = useMake<{ organizer_id: string; name: string; city: string; country: string; address: string; time_zone: string }>('venues')
  const [values, setValues] = useState({ name: '', city: '', country: '', address: '', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })
  const [key, setKey] = useState(newKey)
  const field = (name: keyof typeof values) => ({ value: values[name], error: fieldError(make.error, name), onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate({ organizer_id: organizer, ...values, key }, { onSuccess: () => { setKey(newKey()); setValues({ ...values, name: '', address: '' }) } })
  }
  return (
    <form className="sheet" onSubmit={submit}>
      <p className="soft">{venues.data?.map((venue) => venue.name).join(', ')}</p>
      <TextField label="Name" required {...field('name')} />
      <div className="sheet__pair"><TextField label="City" required {...field('city')} /><TextField label="Country" {...field('country')} /></div>
      <TextField label="Address" {...field('address')} />
      <SelectField label="Time zone" choices={[...new Set([values.time_zone, ...Intl.supportedValuesOf('timeZone')])].map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))} {...field('time_zone')} />
      <Outcome error={make.error} made={make.isSuccess ? 'The venue is there.' : null} />
      <Button type="submit" look="ink" disabled={make.isPending}>Add the venue</Button>
    </form>
  )
}

export function ProductionForm({ organizer }: { organizer: string }) {
  const { t } = useSpeech()
  const productions = useAdminProductions()
  const make = useMake<{ organizer_id: string; title: string; subtitle: string; kind: string; genre: string; language: string; summary: string; description: string; poster_seed: number; duration_min?: number }>('productions')
  const [values, setValues] = useState({ title: '', subtitle: '', kind: 'theatre', genre: '', language: 'en', summary: '', description: '', duration: '' })
  const [key, setKey] = useState(newKey)
  const field = (name: keyof typeof values) => ({ value: values[name], error: fieldError(make.error, name), onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { duration, ...rest } = values
    const minutes = Number(duration)
    // Any whole number draws a poster; the title's own makes the same poster for the same title.
    const seed = [...values.title].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7)
    make.mutate({ organizer_id: organizer, ...rest, poster_seed: seed, ...(minutes > 0 ? { duration_min: minutes } : {}), key }, { onSuccess: () => { setKey(newKey()); setValues({ ...values, title: '', subtitle: '', summary: '', description: '' }) } })
  }
  return (
    <form className="sheet" onSubmit={submit}>
      <p className="soft">{productions.data?.map((one) => one.title).join(', ')}</p>
      <TextField label="Title" required maxLength={200} {...field('title')} />
      <TextField label="Subtitle" maxLength={300} {...field('subtitle')} />
      <div className="sheet__pair">
        <SelectField label="Kind" choices={KINDS.map((kind) => ({ value: kind, label: t.kinds[kind] ?? kind }))} {...field('kind')} />
        <TextField label="Genre" {...field('genre')} />
      </div>
      <div className="sheet__pair"><TextField label="Language" hint="As a tag: en, de, sv" {...field('language')} /><TextField label="Length in minutes" inputMode="numeric" {...field('duration')} /></div>
      <TextField label="Two sentences for the list" maxLength={1000} {...field('summary')} />
      <div className="field">
        <label className="field__label" htmlFor="description">The whole text</label>
        <textarea id="description" className="input" rows={6} value={values.description} onChange={(event) => setValues({ ...values, description: event.target.value })} />
      </div>
      <Outcome error={make.error} made={make.isSuccess ? 'The production is there. Plan a show of it, and publish it.' : null} />
      <Button type="submit" look="ink" disabled={make.isPending}>Add the production</Button>
    </form>
  )
}

type Chosen = { json: PlanJson; seats: number; problem: null } | { json: null; seats: 0; problem: string }

export function PlanForm({ organizer }: { organizer: string }) {
  const venues = useVenues()
  const plans = usePlans()
  const make = useMake<{ organizer_id: string; name: string; venue_id: string | null; plan: PlanJson }>('plans')
  const [name, setName] = useState('')
  const [venue, setVenue] = useState('')
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [key, setKey] = useState(newKey)
  const read = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0]
    setChosen(null)
    if (!file) return
    const result = check(await file.text())
    setChosen(result)
    if (result.json && !name) setName(result.json.name ?? file.name.replace(/\.json$/, ''))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (chosen?.json) make.mutate({ organizer_id: organizer, name, venue_id: venue || null, plan: chosen.json, key }, { onSuccess: () => { setKey(newKey()); setChosen(null); setName('') } })
  }
  return (
    <form className="sheet" onSubmit={submit}>
      <p className="soft">{plans.data?.map((plan) => plan.name).join(', ')}</p>
      <div className="field">
        <label className="field__label" htmlFor="plan-file">Seat plan</label>
        <input id="plan-file" type="file" accept=".json,application/json" className="input" onChange={(event) => void read(event)} />
        <span className="field__hint">JSON in the open seating-plan format, as pretix’s editor writes it.</span>
      </div>
      {chosen?.problem && <Notice kind="alarm">{chosen.problem}</Notice>}
      {chosen?.json && <Notice>{chosen.seats} seats in {chosen.json.zones.length} sections, {chosen.json.categories.length} categories: {chosen.json.categories.map((one) => one.name).join(', ')}.</Notice>}
      <TextField label="Name" required value={name} error={fieldError(make.error, 'name')} onChange={(event) => setName(event.target.value)} />
      <SelectField label="Venue" value={venue} onChange={(event) => setVenue(event.target.value)} choices={[{ value: '', label: 'Any' }, ...(venues.data ?? []).map((one) => ({ value: one.id, label: one.name }))]} />
      <Outcome error={make.error} made={make.isSuccess ? 'The plan is there.' : null} />
      <Button type="submit" look="ink" disabled={make.isPending || !chosen?.json}>Import the plan</Button>
    </form>
  )
}

/** Reads a file as a plan before it is sent: what is wrong with it is said at once. */
function check(text: string): Chosen {
  try {
    const json = JSON.parse(text) as PlanJson
    if (!Array.isArray(json.zones) || !Array.isArray(json.categories)) return { json: null, seats: 0, problem: 'This file has no zones and categories, so it is not a seat plan.' }
    return { json, seats: readPlan(json).seatCount, problem: null }
  } catch {
    return { json: null, seats: 0, problem: 'This file could not be read as a seat plan.' }
  }
}
