import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, SelectField, TextField } from '../../ui'
import { minorUnits } from './api'
import { ACTS, Moment, Paged, Table } from './Paged'
import { basisPoints, listed, percent, type Discount, type PromoCode } from './prices'

type How = 'percent' | 'per_ticket' | 'per_order'

/** Codes that take something off, with how often each was used. */
export function PromoCodes({ organizer, currency }: { organizer: string; currency: string }) {
  const client = useQueryClient()
  const { f } = useSpeech()
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  const off = (discount: Discount) => ('percent_bp' in discount ? (discount.percent_bp === 10_000 ? 'everything: a comp' : `${percent(discount.percent_bp)} %`)
    : 'per_ticket' in discount ? `${f.money(discount.per_ticket)} a ticket` : `${f.money(discount.per_order)} an order`)
  return (
    <>
      <Paged<PromoCode> path={`/admin/promo-codes?organizer_id=${organizer}`} empty="No promo codes yet. With one, whoever knows it pays less, or nothing.">
        {(codes) => (
          <Table label="Promo codes" heads={['Code', 'Takes off', 'Used', 'Valid until', 'Note', ACTS]}>
            {codes.map((one) => (
              <tr key={one.id}>
                <td><code>{one.code}</code></td><td>{off(one.discount)}</td>
                <td>{one.uses_max === null ? f.number(one.uses) : `${f.number(one.uses)} of ${f.number(one.uses_max)}`}</td>
                <td><Moment at={one.valid_until} none="for good" /></td><td>{one.note}</td>
                <td><Confirm label="Put away" named={`Put away ${one.code}`} title="Put the code away" text={<p>Whoever types “{one.code}” pays the full price from now on. Orders that have it keep it.</p>} yes="Put away" run={async () => { await call('DELETE', `/admin/promo-codes/${one.id}`); await again() }} /></td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <NewCode organizer={organizer} currency={currency} onMade={() => void again()} />
    </>
  )
}

const EMPTY = { code: '', off: '', uses_max: '', per_customer_max: '', valid_from: '', valid_until: '', types: '', note: '' }

function NewCode({ organizer, currency, onMade }: { organizer: string; currency: string; onMade(): void }) {
  const [how, setHow] = useState<How>('percent')
  const [made, setMade] = useState<string | null>(null)
  const { values, set, field, busy, failed, submit, form } = useForm(EMPTY, async (typed, key) => {
    const discount = discountTyped(how, typed.off, currency)
    if (!discount) return
    const answer = await call<PromoCode>('POST', '/admin/promo-codes', { organizer_id: organizer, discount, ...termsTyped(typed) }, { key })
    set(EMPTY)
    setMade(answer.code)
    onMade()
  })
  const discount = discountTyped(how, values.off, currency)
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>A new code</legend>
        <TextField label="Code" hint="3 to 40 letters and digits. Empty: one is made." maxLength={80} autoComplete="off" {...field('code')} />
        <div className="sheet__pair">
          <SelectField label="Takes off" value={how} choices={[{ value: 'percent', label: 'A percentage' }, { value: 'per_ticket', label: `${currency} for each ticket` }, { value: 'per_order', label: `${currency} for the whole order` }]} onChange={(event) => setHow(event.target.value as How)} />
          <TextField label={how === 'percent' ? 'How many %' : `How much, in ${currency}`} hint={how === 'percent' ? '100 is a comp: nothing is paid.' : undefined} inputMode="decimal" required {...field('off')} />
        </div>
        <div className="sheet__pair">
          <TextField label="Orders in all" hint="Empty is no limit." type="number" min={1} {...field('uses_max')} />
          <TextField label="Orders of one customer" hint="Empty is no limit." type="number" min={1} {...field('per_customer_max')} />
        </div>
        <div className="sheet__pair">
          <TextField label="Valid from" hint="By your own clock. Empty is at once." type="datetime-local" {...field('valid_from')} />
          <TextField label="Valid until" hint="Empty is for good." type="datetime-local" {...field('valid_until')} />
        </div>
        <TextField label="Only for ticket types" hint="Their keys: adult, child. Empty is all." {...field('types')} />
        <TextField label="Note" hint="For the house alone. No names of people." maxLength={500} {...field('note')} />
        {made !== null && failed === null && <Notice kind="lamp">The code is {made}.</Notice>}
        <Refusal error={failed} />
      </fieldset>
      <Button type="submit" look="ink" disabled={busy || !discount}>Make the code</Button>
    </form>
  )
}

/** Null where it takes nothing off, or too much. */
export function discountTyped(how: How, typed: string, currency: string): Discount | null {
  if (how === 'percent') {
    const points = basisPoints(typed)
    return points ? { percent_bp: points } : null
  }
  const amount = minorUnits(typed, currency)
  if (!amount) return null
  const money = { amount, currency }
  return how === 'per_ticket' ? { per_ticket: money } : { per_order: money }
}

export function termsTyped(typed: typeof EMPTY) {
  const number = (text: string) => (text === '' ? null : Number(text))
  const moment = (text: string) => (text === '' ? null : new Date(text).toISOString())
  return {
    ...(typed.code.trim() ? { code: typed.code.trim() } : {}), only: { ticket_types: listed(typed.types) }, uses_max: number(typed.uses_max), per_customer_max: number(typed.per_customer_max),
    valid_from: moment(typed.valid_from), valid_until: moment(typed.valid_until), note: typed.note.trim(),
  }
}
