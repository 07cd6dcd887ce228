import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import type { Money } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { SelectField, TextField, Waiting, Ways, buttonClass } from '../../ui'
import { Table } from './Paged'
import { COLUMNS, WAYS, csvAddress, lastDays, reportPath, type By, type Figures, type Report, type What } from './money'

const BY_NAMES: Record<By, string> = { show: 'By show', day: 'By day', provider: 'By provider' }
const isMoney = (figure: number | Money | undefined): figure is Money => typeof figure === 'object'

/** What was sold and what became of the money, in days of the venue; the same as files. */
export function MoneyReports() {
  const { t, f } = useSpeech()
  const [what, setWhat] = useState<What>('sales')
  const [by, setBy] = useState<By>('show')
  const [days, setDays] = useState(() => lastDays(new Date()))
  const ask = days.from !== '' && days.to !== ''
  const report = useQuery({
    queryKey: ['admin', 'report', what, by, days.from, days.to], enabled: ask,
    queryFn: ({ signal }) => call<Report>('GET', reportPath(what, by, days), undefined, { signal }),
  })
  const columns = COLUMNS[what]
  const show = (figures: object) => columns.map(([key]) => {
    const figure = (figures as Figures)[key]
    return <td key={key} className="number">{isMoney(figure) ? f.money(figure) : figure}</td>
  })
  return (
    <>
      <Ways label="Which report" value={what} onChange={(next: What) => { setWhat(next); setBy((was) => (WAYS[next].includes(was) ? was : (WAYS[next][0] ?? 'day'))) }} ways={[{ value: 'sales', label: 'Sales' }, { value: 'payments', label: 'Payments' }]} />
      <div className="sheet__pair">
        <SelectField label="Rows" value={by} onChange={(event) => setBy(event.target.value as By)} choices={WAYS[what].map((way) => ({ value: way, label: BY_NAMES[way] }))} />
        <TextField label="From" type="date" required max={days.to} value={days.from} onChange={(event) => setDays({ ...days, from: event.target.value })} />
        <TextField label="To" type="date" required min={days.from} value={days.to} onChange={(event) => setDays({ ...days, to: event.target.value })} />
      </div>
      {ask && (
        <p>
          <a className={buttonClass('line', true)} href={csvAddress(what, by, days)} download>This report as CSV</a>
          <a className={buttonClass('plain', true)} href={csvAddress('ledger', by, days)} download>Every entry of the books as CSV</a>
        </p>
      )}
      {ask && report.isPending && <Waiting label={t.common.loading} />}
      {report.isError && <Trouble part error={report.error} again={() => void report.refetch()} />}
      {report.isSuccess && report.data.rows.length === 0 && <p className="soft">Nothing was booked in these days.</p>}
      {report.isSuccess && report.data.rows.length > 0 && (
        <Table label={BY_NAMES[by]} heads={[BY_NAMES[by].slice(3), ...columns.map(([, head]) => head)]}>
          {report.data.rows.map((row) => {
            const name = row.show ? `${row.show.title}, ${f.day(row.show.starts_at)}` : (row.day ?? row.provider ?? (what === 'sales' && by === 'provider' ? 'free' : 'whole orders'))
            return <tr key={`${row.show?.id ?? name} ${row.net.currency}`}><td>{name}</td>{show(row)}</tr>
          })}
          {report.data.totals.map((total) => <tr key={total.net.currency}><th scope="row">All</th>{show(total)}</tr>)}
        </Table>
      )}
    </>
  )
}
