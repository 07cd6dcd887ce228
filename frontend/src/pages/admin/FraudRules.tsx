import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { fieldProblem } from '../../components/useForm'
import { Button, Notice, SelectField, TextField, Waiting } from '../../ui'
import '../forms.css'

export type Action = 'off' | 'flag' | 'hold'
export type Rules = {
  velocity: { action: Action; window_s: number; attempts_max: number; places_max: number; address_attempts_max: number; address_places_max: number }
  mismatch: { action: Action; countries: string[] }
  reuse: { action: Action; window_s: number; emails_max: number }
  decide_within_s: number
}
type Kept = { rules: Rules; version: number }

const ACTIONS: readonly { value: Action; label: string }[] = [
  { value: 'off', label: 'Do nothing' },
  { value: 'flag', label: 'Mark the order, and sell' },
  { value: 'hold', label: 'Hold it until somebody decides' },
]

/** When an order is marked, or held until somebody of the house has looked at it. */
export function FraudRules({ organizer }: { organizer: string }) {
  const path = `/admin/organizers/${organizer}/fraud-rules`
  const kept = useQuery({ queryKey: ['admin', 'fraud-rules', organizer], queryFn: ({ signal }) => call<Kept>('GET', path, undefined, { signal }) })
  if (kept.isPending) return <Waiting label="One moment" />
  if (kept.isError) return <Trouble part error={kept.error} again={() => void kept.refetch()} />
  return <RulesForm key={kept.data.version} path={path} kept={kept.data} />
}

function RulesForm({ path, kept }: { path: string; kept: Kept }) {
  const client = useQueryClient()
  const [rules, setRules] = useState(kept.rules)
  const [countries, setCountries] = useState(kept.rules.mismatch.countries.join(', '))
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const set = <K extends 'velocity' | 'mismatch' | 'reuse'>(rule: K, part: Partial<Rules[K]>) => setRules((before) => ({ ...before, [rule]: { ...before[rule], ...part } }))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFailed(null)
    const body: Rules = { ...rules, mismatch: { ...rules.mismatch, countries: countriesIn(countries) } }
    try {
      await call('PUT', path, body, { seen: kept.version })
      await client.invalidateQueries({ queryKey: ['admin', 'fraud-rules'] })
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  const count = (label: string, value: number, onChange: (value: number) => void, field: string) => (
    <TextField label={label} type="number" min={1} required value={Number.isNaN(value) ? '' : value} error={fieldProblem(failed, field)} onChange={(event) => onChange(event.target.valueAsNumber)} />
  )
  const minutes = (label: string, seconds: number, onChange: (seconds: number) => void, field: string) => count(label, seconds / 60, (value) => onChange(Math.round(value * 60)), field)
  const { velocity, mismatch, reuse } = rules
  const holds = [velocity, mismatch, reuse].some((rule) => rule.action === 'hold')
  return (
    <form className="sheet" onSubmit={(event) => void submit(event)}>
      <p className="soft">A held order keeps its seats; its amount is set aside and not taken. If nobody decides in time it is refused by itself. Some ways to pay move the money at once: such orders are only marked.</p>
      <fieldset className="sheet__part">
        <legend>Too often, or too much</legend>
        <SelectField label="What happens" value={velocity.action} choices={ACTIONS} onChange={(event) => set('velocity', { action: event.target.value as Action })} />
        {minutes('Within so many minutes', velocity.window_s, (window_s) => set('velocity', { window_s }), 'velocity.window_s')}
        <div className="sheet__pair">
          {count('Attempts to pay by one e-mail address or browser', velocity.attempts_max, (attempts_max) => set('velocity', { attempts_max }), 'velocity.attempts_max')}
          {count('Places they order', velocity.places_max, (places_max) => set('velocity', { places_max }), 'velocity.places_max')}
        </div>
        <div className="sheet__pair">
          {count('Attempts to pay from one network address', velocity.address_attempts_max, (address_attempts_max) => set('velocity', { address_attempts_max }), 'velocity.address_attempts_max')}
          {count('Places ordered from there', velocity.address_places_max, (address_places_max) => set('velocity', { address_places_max }), 'velocity.address_places_max')}
        </div>
        <p className="soft small">A whole town can share one network address.</p>
      </fieldset>
      <fieldset className="sheet__part">
        <legend>A card from elsewhere</legend>
        <SelectField label="What happens" value={mismatch.action} choices={ACTIONS} error={fieldProblem(failed, 'mismatch.action')} onChange={(event) => set('mismatch', { action: event.target.value as Action })} />
        <TextField label="Countries of your buyers’ cards" hint="Two letters each: SE, DK, DE" value={countries} onChange={(event) => setCountries(event.target.value)} />
      </fieldset>
      <fieldset className="sheet__part">
        <legend>One card for many</legend>
        <SelectField label="What happens" value={reuse.action} choices={ACTIONS} onChange={(event) => set('reuse', { action: event.target.value as Action })} />
        <div className="sheet__pair">
          {minutes('Within so many minutes', reuse.window_s, (window_s) => set('reuse', { window_s }), 'reuse.window_s')}
          {count('E-mail addresses that one card may pay for', reuse.emails_max, (emails_max) => set('reuse', { emails_max }), 'reuse.emails_max')}
        </div>
      </fieldset>
      {minutes('A held order waits for so many minutes', rules.decide_within_s, (decide_within_s) => setRules({ ...rules, decide_within_s }), 'decide_within_s')}
      {holds && <Notice>Somebody must look at “To decide” among the orders. Who is not answered in time is refused.</Notice>}
      <Refusal error={failed} />
      {failed === null && kept.version > 0 && <Notice kind="lamp">These are the rules of the house.</Notice>}
      <Button type="submit" look="ink" disabled={busy}>Keep the rules</Button>
    </form>
  )
}

/** "se, DK;de" is SE, DK and DE. */
export const countriesIn = (typed: string): string[] => [...new Set(typed.toUpperCase().split(/[^A-Z]+/).filter((word) => word !== ''))]
