import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { fieldProblem } from '../../components/useForm'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Notice, Waiting, Ways } from '../../ui'
import { ACTS, Moment, Paged, Table } from './Paged'
import { RESULT_NAMES, bringPayouts, payoutPath, type PayoutFile, type PayoutResult, type PayoutRun } from './money'

/** A provider's file is brought, held against what the house has, and booked once. */
export function Payouts({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const [shown, setShown] = useState<string | null>(null)
  const wrong = fieldProblem(failed, 'file')
  const bring = async () => {
    if (!file) return
    setBusy(true)
    setFailed(null)
    try {
      setShown((await bringPayouts(organizer, file)).run.id)
      await client.invalidateQueries({ queryKey: ['admin'] })
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <form className="sheet" onSubmit={(event) => { event.preventDefault(); if (!busy) void bring() }}>
        <label className="field">
          <span className="field__label">A provider’s payout file (CSV)</span>
          <input type="file" accept=".csv,text/csv" required onChange={(event) => { setFile(event.target.files?.[0] ?? null); setFailed(null) }} />
        </label>
        <p className="soft small">Stripe’s itemised payout reconciliation, Razorpay’s settlement recon, or columns of your own: provider, reference, kind, gross, fee, net, currency, date. Nothing is booked twice, also if you bring a file again.</p>
        {wrong ? <Notice kind="alarm">The file was not taken: {wrong}. Nothing was booked.</Notice> : <Refusal error={failed} />}
        <Button type="submit" look="ink" disabled={busy || !file}>Compare and book</Button>
      </form>
      {shown && <Lines key={shown} id={shown} />}
      <h2>Files</h2>
      <Paged<PayoutRun> path="/admin/reports/payouts?limit=20" empty="No file was brought yet.">
        {(runs) => (
          <Table label="Files" heads={['File', 'Provider', 'Days', 'Brought', 'Lines', ACTS]}>
            {runs.map((run) => (
              <tr key={run.id}>
                <td>{run.file_name || run.format}</td><td>{run.provider}</td><td>{run.first_day} – {run.last_day}</td><td><Moment at={run.at} /></td><td><Counts run={run} /></td>
                <td><Button small aria-label={`Show ${run.file_name || run.format}`} onClick={() => setShown(run.id)}>Show</Button></td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
    </>
  )
}

const ORDER: readonly PayoutResult[] = ['different', 'unknown', 'missing', 'matched', 'known']
const Counts = ({ run }: { run: PayoutRun }) => <>{ORDER.filter((result) => run.counts[result] > 0).map((result) => `${RESULT_NAMES[result]}: ${run.counts[result]}`).join(' · ')}</>

function Lines({ id }: { id: string }) {
  const { t, f } = useSpeech()
  const [result, setResult] = useState<PayoutResult | 'all'>('all')
  const file = useInfiniteQuery({
    queryKey: ['admin', 'payouts', id, result],
    queryFn: ({ pageParam, signal }) => call<PayoutFile>('GET', payoutPath(id, result === 'all' ? null : result, pageParam), undefined, { signal }),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next,
  })
  if (file.isPending) return <Waiting label={t.common.loading} />
  if (file.isError) return <Trouble part error={file.error} again={() => void file.refetch()} />
  const run = file.data.pages[0]?.run
  const items = file.data.pages.flatMap((page) => page.items)
  if (!run) return null
  const { different, unknown, missing } = run.counts
  return (
    <>
      <Notice kind={different + unknown + missing > 0 ? 'alarm' : 'plain'}>
        {run.file_name || run.format}: <Counts run={run} />. Fees {run.fees.map((sum) => f.money(sum)).join(', ') || 'none'}; paid out {run.paid_out.map((sum) => f.money(sum)).join(', ') || 'nothing'}.
      </Notice>
      <Ways label="Which lines" value={result} onChange={(next: PayoutResult | 'all') => setResult(next)} ways={[{ value: 'all', label: 'All' }, ...ORDER.map((one) => ({ value: one, label: RESULT_NAMES[one] }))]} />
      {items.length === 0 ? <p className="soft">No such line.</p> : (
        <Table label="Lines" heads={['Result', 'What', 'Order', 'Day', 'In the file', 'Fee', 'Here']}>
          {items.map((line) => (
            <tr key={line.position}>
              <td>{RESULT_NAMES[line.result]}</td><td>{line.kind.replaceAll('_', ' ')}<br /><span className="soft small">{line.reference}</span></td><td>{line.order_number}</td><td>{line.day}</td>
              <td className="number">{line.result === 'missing' ? '' : f.money(line.gross)}</td><td className="number">{line.result === 'missing' ? '' : f.money(line.fee)}</td><td className="number">{line.ours && f.money(line.ours)}</td>
            </tr>
          ))}
        </Table>
      )}
      {file.hasNextPage && <p><Button small disabled={file.isFetchingNextPage} onClick={() => void file.fetchNextPage()}>{t.home.more}</Button></p>}
    </>
  )
}
