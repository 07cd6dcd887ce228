import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import type { Page } from '../../api/types'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { fieldProblem } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, SelectField, TextField, Waiting } from '../../ui'
import { momentAt, type AdminShow } from './api'
import { timedPrices, typedAmount, wallTime, type ShowPrices, type TimedPrices } from './prices'

type Draft = { name: string; from: string; until: string; typed: Record<string, string> }

/** Early birds, the last minute: prices of a show that are valid for a while. */
export function TimedPricesRoom({ organizer }: { organizer: string }) {
  const { f } = useSpeech()
  const [chosen, setChosen] = useState('')
  const shows = useQuery({ queryKey: ['admin', 'shows', organizer], queryFn: async ({ signal }) => (await call<Page<AdminShow>>('GET', `/admin/shows?organizer_id=${organizer}&limit=100`, undefined, { signal })).items })
  if (shows.isPending) return <Waiting label="One moment" />
  if (shows.isError) return <Trouble part error={shows.error} again={() => void shows.refetch()} />
  const show = shows.data.find((one) => one.id === chosen) ?? shows.data[0]
  if (!show) return <Notice>There is no show yet whose prices could change with time.</Notice>
  return (
    <>
      <div className="sheet__choice"><SelectField label="Show" value={show.id} choices={shows.data.map((one) => ({ value: one.id, label: `${one.production.title}, ${f.day(one.starts_at, one.time_zone)}, ${f.time(one.starts_at, one.time_zone)}` }))} onChange={(event) => setChosen(event.target.value)} /></div>
      <OfShow key={show.id} show={show} />
    </>
  )
}

function OfShow({ show }: { show: AdminShow }) {
  const path = `/admin/shows/${show.id}/prices`
  const kept = useQuery({ queryKey: ['admin', 'prices', show.id], queryFn: ({ signal }) => call<ShowPrices>('GET', path, undefined, { signal }) })
  if (kept.isPending) return <Waiting label="One moment" />
  if (kept.isError) return <Trouble part error={kept.error} again={() => void kept.refetch()} />
  if (kept.data.price_levels.length === 0) return <Notice>This show has no prices yet.</Notice>
  return <Lists key={kept.data.version} path={path} kept={kept.data} zone={show.time_zone} />
}

function Lists({ path, kept, zone }: { path: string; kept: ShowPrices; zone: string }) {
  const client = useQueryClient()
  const { f } = useSpeech()
  const [lists, setLists] = useState<Draft[]>(() => kept.timed.map((list) => draft(list, zone, kept.currency)))
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const change = (at: number, part: Partial<Draft>) => setLists(lists.map((one, no) => (no === at ? { ...one, ...part } : one)))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const timed = listsTyped(lists, kept, zone)
    setWrong(typeof timed === 'string' ? timed : null)
    if (typeof timed === 'string') return
    setBusy(true)
    setFailed(null)
    const types = kept.ticket_types.map(({ key, name, description, default: standard }) => ({ key, name, description, default: standard }))
    try {
      await call('PUT', path, { ticket_types: types, price_levels: kept.price_levels, timed }, { seen: kept.version })
      await client.invalidateQueries({ queryKey: ['admin'] })
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  const money = (amount: number) => f.money({ amount, currency: kept.currency })
  return (
    <form className="sheet" onSubmit={(event) => void submit(event)}>
      <p className="soft">Times are those of the venue ({zone.replaceAll('_', ' ')}), in {kept.currency}. A list is valid from its first moment until just before its last. Where two are valid at once the upper one counts. A field left empty costs what it always does.</p>
      {lists.length === 0 && <p className="soft">No timed prices: tickets always cost the same.</p>}
      {lists.map((list, at) => (
        <fieldset key={at} className="sheet__part">
          <legend>{list.name || `List ${at + 1}`}</legend>
          <TextField label="Name" hint="As buyers read it: Early bird." required maxLength={100} value={list.name} error={fieldProblem(failed, `timed[${at}].name`)} onChange={(event) => change(at, { name: event.target.value })} />
          <div className="sheet__pair">
            <TextField label="From" hint="Empty: it always was." type="datetime-local" value={list.from} error={fieldProblem(failed, `timed[${at}].valid_from`)} onChange={(event) => change(at, { from: event.target.value })} />
            <TextField label="Until" hint="Empty: for good." type="datetime-local" value={list.until} error={fieldProblem(failed, `timed[${at}].valid_until`)} onChange={(event) => change(at, { until: event.target.value })} />
          </div>
          {kept.price_levels.map((level) => (
            <div key={level.key} className="sheet__pair">
              {kept.ticket_types.map((type) => {
                const usual = level.prices.find((one) => one.ticket_type === type.key)?.amount
                const key = `${level.key} ${type.key}`
                return <TextField key={key} label={`${level.name}, ${type.name}`} inputMode="decimal" hint={usual === undefined ? 'Else not sold.' : `Else ${money(usual)}.`} value={list.typed[key] ?? ''} onChange={(event) => change(at, { typed: { ...list.typed, [key]: event.target.value } })} />
              })}
            </div>
          ))}
          <Button small aria-label={`Take out ${list.name || `list ${at + 1}`}`} onClick={() => setLists(lists.filter((_, no) => no !== at))}>Take out</Button>
        </fieldset>
      ))}
      <Button small disabled={lists.length >= 20} onClick={() => setLists([...lists, { name: '', from: '', until: '', typed: {} }])}>Add a list</Button>
      {wrong !== null && <Notice kind="alarm">{wrong}</Notice>}
      <Refusal error={failed} />
      <Button type="submit" look="ink" disabled={busy}>Keep timed prices</Button>
    </form>
  )
}

const draft = (list: TimedPrices, zone: string, currency: string): Draft => ({
  name: list.name, from: list.valid_from ? wallTime(list.valid_from, zone) : '', until: list.valid_until ? wallTime(list.valid_until, zone) : '',
  typed: Object.fromEntries(list.prices.map((price) => [`${price.price_level} ${price.ticket_type}`, typedAmount({ amount: price.amount, currency })])),
})

/** The lists as they were typed; a sentence where one says nothing. */
export function listsTyped(lists: readonly Draft[], kept: ShowPrices, zone: string): TimedPrices[] | string {
  const timed: TimedPrices[] = []
  for (const list of lists) {
    const prices = timedPrices(kept, list.typed, kept.currency)
    const name = list.name.trim()
    if (prices === null) return `A price of “${name}” is none: write 35, or 35.50.`
    if (prices.length === 0) return `“${name}” prices nothing yet.`
    if (list.from === '' && list.until === '') return `“${name}” needs a beginning or an end.`
    timed.push({ name, valid_from: list.from ? momentAt(list.from, zone) : null, valid_until: list.until ? momentAt(list.until, zone) : null, prices })
  }
  return timed
}
