import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { Money } from '../../api/types'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { ShownOnce } from '../../components/ShownOnce'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Dialog, Notice, TextField } from '../../ui'
import { minorUnits } from './api'
import { ACTS, Moment, Paged, Table } from './Paged'
import type { Movement, Voucher } from './prices'

const MOVED: Record<Movement['kind'], string> = { issued: 'Issued', taken: 'Order made with it', returned: 'Order ended without a sale', given_back: 'Tickets given back', voided: 'Voided' }

/** Gift vouchers: what is left of each, and what has become of it. */
export function Vouchers({ organizer, currency }: { organizer: string; currency: string }) {
  const client = useQueryClient()
  const { f } = useSpeech()
  const [typed, setTyped] = useState('')
  const [seen, setSeen] = useState<Voucher | null>(null)
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  const prefix = /^[a-z0-9]{4}/i.exec(typed.trim())?.[0] ?? ''
  return (
    <>
      <TextField label="Look for a code" hint="Its first four characters are enough; the rest nobody keeps." maxLength={80} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
      <Paged<Voucher> path={`/admin/vouchers?organizer_id=${organizer}${prefix ? `&prefix=${prefix}` : ''}`} empty={prefix ? 'No voucher begins so.' : 'No vouchers yet. Whoever has the code of one pays with it.'}>
        {(vouchers) => (
          <Table label="Vouchers" heads={['Code', 'Left', 'Of', 'Valid until', 'For', ACTS]}>
            {vouchers.map((one) => (
              <tr key={one.id}>
                <td><code>{one.prefix}…</code>{one.voided_at && <><br /><span className="soft small">void</span></>}</td>
                <td className="number">{f.money(one.balance)}</td><td className="number">{f.money(one.amount)}</td>
                <td><Moment at={one.valid_until} none="for good" /></td><td>{one.reason}</td>
                <td className="table__acts">
                  <Button look="plain" small aria-label={`Movements of ${one.prefix}`} onClick={() => setSeen(one)}>Movements</Button>
                  {!one.voided_at && <Until voucher={one} onDone={() => void again()} />}
                  {(!one.voided_at || one.balance.amount > 0) && (
                    <Confirm label="Void" named={`Void ${one.prefix}`} title="Void the voucher" yes={`Void ${f.money(one.balance)}`} run={async () => { await call('POST', `/admin/vouchers/${one.id}/void`, {}); await again() }}
                      text={<p>What is left, {f.money(one.balance)}, is worth nothing from now on. Orders that were made with it stay paid.</p>} />
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <Dialog open={seen !== null} title={seen ? `Voucher ${seen.prefix}…` : ''} onClose={() => setSeen(null)}>
        {seen && <Movements voucher={seen} />}
        <div className="dialog__actions"><Button onClick={() => setSeen(null)}>Close</Button></div>
      </Dialog>
      <Issue organizer={organizer} currency={currency} onMade={() => void again()} />
    </>
  )
}

function Movements({ voucher }: { voucher: Voucher }) {
  const { f } = useSpeech()
  return (
    <Paged<Movement> path={`/admin/vouchers/${voucher.id}/movements`} empty="Nothing has happened to it.">
      {(moves) => (
        <Table label="Movements" heads={['When', 'What', 'Order', 'Amount']}>
          {moves.map((move) => (
            <tr key={move.id}>
              <td><Moment at={move.at} /></td><td>{MOVED[move.kind]}</td><td>{move.order_number ?? ''}</td><td className="number">{f.money(move.amount)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Paged>
  )
}

function Until({ voucher, onDone }: { voucher: Voucher; onDone(): void }) {
  const [until, setUntil] = useState('')
  const run = async () => {
    await call('PATCH', `/admin/vouchers/${voucher.id}`, { valid_until: until === '' ? null : new Date(until).toISOString() })
    onDone()
  }
  return (
    <Confirm label="Until when" named={`Until when ${voucher.prefix} pays`} title="Until when it pays" yes="Keep it so" run={run} text={<p>One that had ended pays again.</p>}>
      <TextField label="Valid until" hint="By your own clock. Empty is for good." type="datetime-local" value={until} onChange={(event) => setUntil(event.target.value)} />
    </Confirm>
  )
}

const EMPTY = { amount: '', valid_until: '', reason: '' }

function Issue({ organizer, currency, onMade }: { organizer: string; currency: string; onMade(): void }) {
  const [code, setCode] = useState<string | null>(null)
  const [lost, setLost] = useState(false)
  const { values, set, field, busy, failed, submit, form } = useForm(EMPTY, async (typed, key) => {
    const amount = amountOf(typed.amount, currency)
    if (!amount) return
    const valid_until = typed.valid_until === '' ? null : new Date(typed.valid_until).toISOString()
    const made = await call<Voucher & { code?: string }>('POST', '/admin/vouchers', { organizer_id: organizer, amount, valid_until, reason: typed.reason.trim() }, { key })
    set(EMPTY)
    setCode(made.code ?? null)
    setLost(!made.code)
    onMade()
  })
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>A new voucher</legend>
        <div className="sheet__pair">
          <TextField label={`How much, in ${currency}`} inputMode="decimal" required {...field('amount')} />
          <TextField label="Valid until" hint="By your own clock. Empty is for good." type="datetime-local" {...field('valid_until')} />
        </div>
        <TextField label="What it is for" hint="Its bill, or why it was given. No names of people." maxLength={500} required {...field('reason')} />
        {code !== null && <Notice kind="lamp"><span>The code is told once; write it down or hand it over now.</span><ShownOnce text={code} file="voucher.txt" /></Notice>}
        {lost && <Notice kind="alarm">The voucher was issued, but the answer with its code got lost, and it is told only once. Void it, and issue another.</Notice>}
        <Refusal error={failed} />
      </fieldset>
      <Button type="submit" look="ink" disabled={busy || !amountOf(values.amount, currency) || values.reason.trim() === ''}>Issue the voucher</Button>
    </form>
  )
}

function amountOf(typed: string, currency: string): Money | null {
  const amount = minorUnits(typed, currency)
  return amount ? { amount, currency } : null
}
