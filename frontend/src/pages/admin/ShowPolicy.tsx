import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call, newKey } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Button, Notice, TextField } from '../../ui'
import { minorUnits } from './api'

export type Policy = { steps: { until_s: number; back_bp: number }[]; fee_kept: number; fees_back: boolean }
export type PolicyOfShow = { version: number; currency: string; cancel_until_s: number | null; cancellation: Policy | null; transfer_until_s: number | null; exchange_until_s: number | null; exchange_fee_kept: number }
type Step = { hours: string; percent: string }

const HOUR_S = 3_600
const DIGITS: Intl.NumberFormatOptions = { style: 'currency' }
const major = (amount: number, currency: string) => String(amount / 10 ** (new Intl.NumberFormat('en', { ...DIGITS, currency }).resolvedOptions().maximumFractionDigits ?? 2))
/** The policy that is in force: the simple case is one step that gives all of it back. */
export const policyOf = (show: PolicyOfShow): Policy => show.cancellation ?? { steps: show.cancel_until_s === null ? [] : [{ until_s: show.cancel_until_s, back_bp: 10_000 }], fee_kept: 0, fees_back: true }

/** What is typed, as a policy; null where a number is none. The server has the last word on what contradicts itself. */
export function typedPolicy(steps: readonly Step[], fee: string, feesBack: boolean, currency: string): Policy | null {
  const kept = fee.trim() === '' ? 0 : minorUnits(fee, currency)
  const numbers = steps.map((step) => ({ until_s: Math.round(Number(step.hours.replace(',', '.')) * HOUR_S), back_bp: Math.round(Number(step.percent.replace(',', '.')) * 100) }))
  if (kept === null || numbers.some((step) => !Number.isFinite(step.until_s) || !Number.isFinite(step.back_bp)) || steps.some((step) => !step.hours.trim() || !step.percent.trim())) return null
  return { steps: numbers, fee_kept: kept, fees_back: feesBack }
}

/** Until when buyers may give tickets of a show back or pass them on, and what the house keeps. */
export function ShowPolicy({ id, show }: { id: string; show: PolicyOfShow }) {
  const client = useQueryClient()
  const policy = policyOf(show)
  const [steps, setSteps] = useState<Step[]>(() => policy.steps.map((step) => ({ hours: String(step.until_s / HOUR_S), percent: String(step.back_bp / 100) })))
  const [fee, setFee] = useState(policy.fee_kept === 0 ? '' : major(policy.fee_kept, show.currency))
  const [feesBack, setFeesBack] = useState(policy.fees_back)
  const [pass, setPass] = useState(show.transfer_until_s === null ? '' : String(show.transfer_until_s / HOUR_S))
  const [swap, setSwap] = useState(show.exchange_until_s === null ? '' : String(show.exchange_until_s / HOUR_S))
  const [swapFee, setSwapFee] = useState(show.exchange_fee_kept === 0 ? '' : major(show.exchange_fee_kept, show.currency))
  const [said, setSaid] = useState<{ failed: unknown } | 'kept' | null>(null)
  const typed = typedPolicy(steps, fee, feesBack, show.currency)
  const seconds = (hours: string) => (hours.trim() === '' ? null : Math.round(Number(hours.replace(',', '.')) * HOUR_S))
  const [passing, swapping] = [seconds(pass), seconds(swap)]
  const swapKept = swapFee.trim() === '' ? 0 : minorUnits(swapFee, show.currency)
  const change = (at: number, part: Partial<Step>) => setSteps(steps.map((step, no) => (no === at ? { ...step, ...part } : step)))
  const keep = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await call('PATCH', `/admin/shows/${id}`, { cancellation: typed, transfer_until_s: passing, exchange_until_s: swapping, exchange_fee_kept: swapKept }, { key: newKey(), seen: show.version })
      setSaid('kept')
    } catch (failed) {
      setSaid({ failed })
    } finally {
      await client.invalidateQueries({ queryKey: ['admin', 'show', id] })
    }
  }
  return (
    <form className="sheet" onSubmit={(event) => void keep(event)}>
      <fieldset className="sheet__part">
        <legend>What buyers get back</legend>
        {steps.length === 0 && <p className="soft">Nothing: tickets cannot be given back.</p>}
        {steps.map((step, at) => (
          <div className="sheet__pair" key={at}>
            <TextField label={`Step ${at + 1}: until so many hours before the start`} inputMode="decimal" value={step.hours} onChange={(event) => change(at, { hours: event.target.value })} />
            <TextField label={`Step ${at + 1}: per cent of the price`} inputMode="decimal" value={step.percent} onChange={(event) => change(at, { percent: event.target.value })} />
          </div>
        ))}
        <p>
          <Button small disabled={steps.length >= 10} onClick={() => setSteps([...steps, { hours: '', percent: steps.length === 0 ? '100' : '' }])}>Add a step</Button>
          {steps.length > 0 && <Button small look="plain" onClick={() => setSteps(steps.slice(0, -1))}>Take the last away</Button>}
        </p>
        <TextField label={`Kept of each ticket, in ${show.currency}`} inputMode="decimal" value={fee} onChange={(event) => setFee(event.target.value)} />
        <label><input type="checkbox" checked={feesBack} onChange={(event) => setFeesBack(event.target.checked)} /> Fees go back with the ticket</label>
      </fieldset>
      <TextField label="Tickets may be passed on until so many hours before the start" hint="Empty: they may not." inputMode="decimal" value={pass} onChange={(event) => setPass(event.target.value)} />
      <div className="sheet__pair">
        <TextField label="Tickets may be exchanged until so many hours before the start" hint="Empty: they may not." inputMode="decimal" value={swap} onChange={(event) => setSwap(event.target.value)} />
        <TextField label={`Kept of each ticket that is exchanged, in ${show.currency}`} inputMode="decimal" value={swapFee} onChange={(event) => setSwapFee(event.target.value)} />
      </div>
      <p className="soft small">Orders keep what they were bought under; a change that gives more back counts for them too.</p>
      {said === 'kept' && <Notice kind="lamp">Kept.</Notice>}
      {said !== null && said !== 'kept' && <Refusal error={said.failed} />}
      <Button type="submit" look="ink" disabled={typed === null || swapKept === null || [passing, swapping].some((until) => until !== null && !Number.isFinite(until))}>Keep it</Button>
    </form>
  )
}
