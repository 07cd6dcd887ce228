import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Trouble } from '../../components/Trouble'
import { useMe } from '../../components/session'
import { Button, TextField, Waiting, Ways } from '../../ui'
import { Office } from './Office'
import { Moment, Paged, Table } from './Paged'
import { read, type AuditEntry, type Retention } from './people'
import '../forms.css'

type Room = 'log' | 'security' | 'retention'

/** What was done, by whom; what looks like an attack; what is kept how long. */
export function RecordsPage() {
  const [room, setRoom] = useState<Room>('log')
  const admin = useMe().data?.role === 'admin'
  return (
    <Office title="Records">
      {admin && <Ways label="Which records" value={room} onChange={(next: Room) => setRoom(next)} ways={[{ value: 'log', label: 'Audit log' }, { value: 'security', label: 'Security' }, { value: 'retention', label: 'What is kept' }]} />}
      {room === 'log' && <AuditLog />}
      {room === 'security' && <Paged<AuditEntry> path="/admin/system/security-events" every={30_000} empty="Nothing has happened that looks like an attack.">{(entries) => <Entries label="Security events" entries={entries} severe />}</Paged>}
      {room === 'retention' && <Kept />}
    </Office>
  )
}

const FILTERS = [['action', 'Action', 'member.invited'], ['actor', 'By', 'id of a user or machine'], ['object', 'To', 'id of what it was done to'], ['from', 'From', ''], ['to', 'To the end of', '']] as const

function AuditLog() {
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [asked, setAsked] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const params = new URLSearchParams()
    for (const [name] of FILTERS) {
      const value = typed[name]?.trim()
      if (!value) continue
      // Days are those of who reads; the server takes moments.
      const [year = 1970, month = 1, day = 1] = value.split('-').map(Number)
      params.set(name, name === 'from' ? new Date(year, month - 1, day).toISOString() : name === 'to' ? new Date(year, month - 1, day + 1).toISOString() : value)
    }
    setAsked(params.toString())
  }
  return (
    <>
      <form className="filters-row" role="search" onSubmit={submit}>
        {FILTERS.map(([name, label, hint]) => <TextField key={name} label={label} placeholder={hint} type={name === 'from' || name === 'to' ? 'date' : 'text'} autoComplete="off" spellCheck={false} value={typed[name] ?? ''} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />)}
        <Button type="submit" small>Filter</Button>
      </form>
      <Paged<AuditEntry> path={`/admin/audit-log${asked ? `?${asked}` : ''}`} empty="Nothing like that was recorded.">{(entries) => <Entries label="Audit log" entries={entries} />}</Paged>
    </>
  )
}

function Entries({ label, entries, severe = false }: { label: string; entries: AuditEntry[]; severe?: boolean }) {
  return (
    <Table label={label} heads={[...(severe ? ['How bad'] : []), 'When', 'What', 'By', 'To', 'More']}>
      {entries.map((entry) => (
        <tr key={entry.number}>
          {severe && <td>{entry.severity === 'alarm' ? <strong>alarm</strong> : entry.severity}</td>}
          <td><Moment at={entry.at} /><br /><span className="soft">No. {entry.number}</span></td>
          <td>{entry.action}</td>
          <td>{entry.actor.name ?? entry.email ?? entry.actor.kind}{entry.address && <><br /><span className="soft">{entry.address}</span></>}</td>
          <td>{entry.object && <>{entry.object.kind}<br /><span className="soft table__id">{entry.object.id}</span></>}</td>
          <td className="soft">{Object.entries(entry.detail).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`).join(', ')}</td>
        </tr>
      ))}
    </Table>
  )
}

function Kept() {
  const kept = useQuery({ queryKey: ['admin', 'retention'], queryFn: ({ signal }) => read<{ items: Retention[] }>('/admin/system/retention', signal) })
  if (kept.isPending) return <Waiting label="One moment" />
  if (kept.isError) return <Trouble part error={kept.error} again={() => void kept.refetch()} />
  return (
    <Table label="What is kept how long" heads={['What', 'Kept for', 'Due now', 'Last looked through', 'Erased then', 'Erased in all']}>
      {kept.data.items.map((one) => (
        <tr key={one.kind}><td>{one.kind.replaceAll('_', ' ')}</td><td>{one.days === 1 ? '1 day' : `${one.days} days`}</td><td>{one.due}</td><td><Moment at={one.ran_at} none="not yet" /></td><td>{one.erased}</td><td>{one.erased_total}</td></tr>
      ))}
    </Table>
  )
}
