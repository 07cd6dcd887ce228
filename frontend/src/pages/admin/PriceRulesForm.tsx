import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { fieldProblem } from '../../components/useForm'
import { Button, Notice, SelectField, TextField, Waiting } from '../../ui'
import { EVERYTHING, amountSaid, amountTyped, basisPoints, listed, percent, type Fee, type PriceRules, type Only, type Tax } from './prices'

type Kept = { rules: PriceRules; version: number }
type FeeDraft = { name: string; per: Fee['per']; amount: string; currency: string; types: string; only: Only }
type TaxDraft = { name: string; rate: string; included: boolean; on: Tax['on']; countries: string; types: string; only: Only }

/** Fees that come on top of prices, and the taxes in them or on top of them. */
export function PriceRulesForm({ organizer, currency }: { organizer: string; currency: string }) {
  const path = `/admin/organizers/${organizer}/price-rules`
  const kept = useQuery({ queryKey: ['admin', 'price-rules', organizer], queryFn: ({ signal }) => call<Kept>('GET', path, undefined, { signal }) })
  if (kept.isPending) return <Waiting label="One moment" />
  if (kept.isError) return <Trouble part error={kept.error} again={() => void kept.refetch()} />
  return <Rules key={kept.data.version} path={path} kept={kept.data} currency={currency} />
}

function Rules({ path, kept, currency }: { path: string; kept: Kept; currency: string }) {
  const client = useQueryClient()
  const [fees, setFees] = useState<FeeDraft[]>(() => kept.rules.fees.map((fee) => feeDraft(fee, currency)))
  const [taxes, setTaxes] = useState<TaxDraft[]>(() => kept.rules.taxes.map(taxDraft))
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const change = <T,>(list: T[], at: number, part: Partial<T>): T[] => list.map((one, no) => (no === at ? { ...one, ...part } : one))
  const without = <T,>(list: T[], at: number): T[] => list.filter((_, no) => no !== at)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const read = rulesTyped(fees, taxes)
    setWrong(typeof read === 'string' ? read : null)
    if (typeof read === 'string') return
    setBusy(true)
    setFailed(null)
    try {
      await call('PUT', path, read, { seen: kept.version })
      await client.invalidateQueries({ queryKey: ['admin', 'price-rules'] })
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="sheet" onSubmit={(event) => void submit(event)}>
      <p className="soft">Buyers see prices with everything in them that each ticket costs, from the first page on. Orders that were made keep what they were made with.</p>
      <fieldset className="sheet__part">
        <legend>Fees on top</legend>
        {fees.length === 0 && <p className="soft">No fees: a ticket costs what its price says.</p>}
        {fees.map((fee, at) => (
          <fieldset key={at} className="sheet__part">
            <legend>{fee.name || `Fee ${at + 1}`}</legend>
            <TextField label="Name" hint="As buyers read it." required maxLength={100} value={fee.name} error={fieldProblem(failed, `fees[${at}].name`)} onChange={(event) => setFees(change(fees, at, { name: event.target.value }))} />
            <div className="sheet__pair">
              <TextField label={`How much, in ${fee.currency} or %`} inputMode="text" required hint="1.50, or 5 %" value={fee.amount} error={fieldProblem(failed, `fees[${at}].amount[0]`)} onChange={(event) => setFees(change(fees, at, { amount: event.target.value }))} />
              <SelectField label="How often" value={fee.per} choices={[{ value: 'ticket', label: 'For each ticket' }, { value: 'order', label: 'Once an order' }]} onChange={(event) => setFees(change(fees, at, { per: event.target.value as Fee['per'] }))} />
            </div>
            <TextField label="Only for ticket types" hint="Their keys: adult, child. Empty is all." value={fee.types} onChange={(event) => setFees(change(fees, at, { types: event.target.value }))} />
            <Button small aria-label={`Take out ${fee.name || `fee ${at + 1}`}`} onClick={() => setFees(without(fees, at))}>Take out</Button>
          </fieldset>
        ))}
        <Button small disabled={fees.length >= 20} onClick={() => setFees([...fees, { name: '', per: 'ticket', amount: '', currency, types: '', only: EVERYTHING }])}>Add a fee</Button>
      </fieldset>
      <fieldset className="sheet__part">
        <legend>Taxes</legend>
        {taxes.length === 0 && <p className="soft">No taxes are told apart.</p>}
        {taxes.map((tax, at) => (
          <fieldset key={at} className="sheet__part">
            <legend>{tax.name || `Tax ${at + 1}`}</legend>
            <div className="sheet__pair">
              <TextField label="Name" hint="Of rates with one name the first that fits counts." required maxLength={100} value={tax.name} error={fieldProblem(failed, `taxes[${at}].name`)} onChange={(event) => setTaxes(change(taxes, at, { name: event.target.value }))} />
              <TextField label="Rate in %" inputMode="decimal" required value={tax.rate} error={fieldProblem(failed, `taxes[${at}].rate_bp`)} onChange={(event) => setTaxes(change(taxes, at, { rate: event.target.value }))} />
            </div>
            <div className="sheet__pair">
              <SelectField label="Prices" value={tax.included ? 'in' : 'on'} choices={[{ value: 'in', label: 'have it in them (Europe, India)' }, { value: 'on', label: 'do not: it is added (USA)' }]} onChange={(event) => setTaxes(change(taxes, at, { included: event.target.value === 'in' }))} />
              <SelectField label="On" value={tax.on} choices={[{ value: 'all', label: 'Tickets and fees' }, { value: 'tickets', label: 'Tickets alone' }, { value: 'fees', label: 'Fees alone' }]} onChange={(event) => setTaxes(change(taxes, at, { on: event.target.value as Tax['on'] }))} />
            </div>
            <div className="sheet__pair">
              <TextField label="Only at venues in" hint="Countries as your venues write them. Empty is everywhere." value={tax.countries} onChange={(event) => setTaxes(change(taxes, at, { countries: event.target.value }))} />
              <TextField label="Only for ticket types" hint="Their keys: child, student. Empty is all." value={tax.types} onChange={(event) => setTaxes(change(taxes, at, { types: event.target.value }))} />
            </div>
            <Button small aria-label={`Take out ${tax.name || `tax ${at + 1}`}`} onClick={() => setTaxes(without(taxes, at))}>Take out</Button>
          </fieldset>
        ))}
        <Button small disabled={taxes.length >= 50} onClick={() => setTaxes([...taxes, { name: '', rate: '', included: true, on: 'all', countries: '', types: '', only: EVERYTHING }])}>Add a tax</Button>
      </fieldset>
      {wrong !== null && <Notice kind="alarm">{wrong}</Notice>}
      <Refusal error={failed} />
      {failed === null && wrong === null && kept.version > 0 && <Notice kind="lamp">These are the fees and taxes of the house.</Notice>}
      <Button type="submit" look="ink" disabled={busy}>Keep fees and taxes</Button>
    </form>
  )
}

const feeDraft = (fee: Fee, currency: string): FeeDraft => ({
  name: fee.name, per: fee.per, amount: amountSaid(fee.amount), currency: 'fixed' in fee.amount ? fee.amount.fixed.currency : currency,
  types: fee.only?.ticket_types.join(', ') ?? '', only: fee.only ?? EVERYTHING,
})

const taxDraft = (tax: Tax): TaxDraft => ({
  name: tax.name, rate: percent(tax.rate_bp), included: tax.included, on: tax.on,
  countries: tax.only?.countries.join(', ') ?? '', types: tax.only?.ticket_types.join(', ') ?? '', only: tax.only ?? EVERYTHING,
})

/** The rules as they were typed; a sentence where something is no amount or rate. */
export function rulesTyped(fees: readonly FeeDraft[], taxes: readonly TaxDraft[]): PriceRules | string {
  const rules: PriceRules = { fees: [], taxes: [] }
  for (const fee of fees) {
    const amount = amountTyped(fee.amount, fee.currency)
    if (amount === null) return `“${fee.amount}” is no amount for ${fee.name || 'a fee'}: write 1.50, or 5 %.`
    rules.fees.push({ name: fee.name.trim(), per: fee.per, amount, only: { ...fee.only, ticket_types: listed(fee.types) } })
  }
  for (const tax of taxes) {
    const rate = basisPoints(tax.rate)
    if (rate === null) return `“${tax.rate}” is no rate for ${tax.name || 'a tax'}: write 25, or 8.25.`
    rules.taxes.push({ name: tax.name.trim(), rate_bp: rate, included: tax.included, on: tax.on, only: { ...tax.only, countries: listed(tax.countries), ticket_types: listed(tax.types) } })
  }
  return rules
}
