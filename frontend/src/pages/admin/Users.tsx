import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { useMe } from '../../components/session'
import { Button, SelectField, TextField } from '../../ui'
import { AdminStepRule } from './AdminStepRule'
import { useOrganizers } from './api'
import { ACTS, Moment, Paged, Table } from './Paged'
import { ROLE_CHOICES, endSessions, setRoles, shortRole, type AdminUser, type NewRoles, type Role } from './people'
import '../forms.css'

/** Everybody with an account, for administrators. */
export function Users() {
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  return (
    <>
      <form className="sheet__form" role="search" onSubmit={(event) => { event.preventDefault(); setQ(typed.trim()) }}>
        <TextField label="Name or address" type="search" maxLength={320} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Button type="submit" small>Search</Button>
      </form>
      <Paged<AdminUser> path={`/admin/users${q ? `?q=${encodeURIComponent(q)}` : ''}`} empty="Nobody has this in their name or address.">
        {(users) => (
          <Table label="Everybody with an account" heads={['Name', 'Is', 'Second step', 'Signed in', 'Since', ACTS]}>
            {users.map((user) => <Row key={user.id} user={user} />)}
          </Table>
        )}
      </Paged>
      <AdminStepRule />
    </>
  )
}

function Row({ user }: { user: AdminUser }) {
  const client = useQueryClient()
  const me = useMe().data
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  const parts = user.memberships.map((part) => `${shortRole(part.role)} of ${part.organizer}`)
  const is = [...(user.is_admin ? ['administrator'] : []), ...parts]
  return (
    <tr>
      <td>{user.name}{user.id === me?.id && ' (you)'}<br /><span className="soft">{user.email}{!user.email_verified && ', not confirmed'}</span></td>
      <td>{is.length > 0 ? is.map((one) => <div key={one}>{one}</div>) : 'customer'}{user.disabled_at && <div>account closed</div>}</td>
      <td>{user.second_factor ? 'set up' : 'none'}</td>
      <td>{user.sessions > 0 ? `${user.sessions}×, last ` : 'no; last '}<Moment at={user.last_sign_in_at} none="not lately" /></td>
      <td><Moment at={user.created_at} /></td>
      <td>
        <Roles user={user} again={again} />{' '}
        {user.sessions > 0 && <Confirm label="End sessions" named={`End sessions: ${user.name}`} title="End all sessions" text={<p>{user.id === me?.id ? 'You are' : `${user.name} is`} signed out everywhere, at once, and may sign in again. Tokens made on the command line stay good.</p>} yes="End them" run={async () => { await endSessions(user.id, newKey()); await again() }} />}
      </td>
    </tr>
  )
}

const NONE = 'none'
const CHOICES = [{ value: NONE, label: 'No part' }, ...ROLE_CHOICES]

/** What somebody is: an administrator or not, and their part in each house. */
function Roles({ user, again }: { user: AdminUser; again(): Promise<unknown> }) {
  const houses = useOrganizers().data ?? []
  const [admin, setAdmin] = useState(user.is_admin)
  const [parts, setParts] = useState<Record<string, string>>(() => Object.fromEntries(user.memberships.map((part) => [part.organizer_id, part.role])))
  const [added, setAdded] = useState('')
  const key = useRef(newKey())
  const change = (what: () => void) => { key.current = newKey(); what() }
  const names = new Map([...houses.map((one) => [one.id, one.name] as const), ...user.memberships.map((part) => [part.organizer_id, part.organizer] as const)])
  const others = houses.filter((one) => !(one.id in parts))
  const roles: NewRoles = { is_admin: admin, memberships: Object.entries(parts).filter(([, role]) => role !== NONE).map(([organizer_id, role]) => ({ organizer_id, role: role as Role })) }
  return (
    <Confirm label="Roles" named={`Roles of ${user.name}`} title={`Roles of ${user.name}`} text={<p>What you change works at once. Of a part in a house they are told by mail.</p>} yes="Save" run={async () => { await setRoles(user.id, roles, key.current); await again() }}>
      <label className="check"><input type="checkbox" checked={admin} onChange={(event) => change(() => setAdmin(event.target.checked))} />Administrator: may do everything in every house</label>
      {Object.keys(parts).map((id) => <SelectField key={id} label={`Part in ${names.get(id) ?? 'a house'}`} choices={CHOICES} value={parts[id]} onChange={(event) => change(() => setParts({ ...parts, [id]: event.target.value }))} />)}
      {others.length > 0 && (
        <SelectField
          label="Add a part in" value={added} choices={[{ value: '', label: 'Choose a house' }, ...others.map((one) => ({ value: one.id, label: one.name }))]}
          onChange={(event) => { if (event.target.value) change(() => setParts({ ...parts, [event.target.value]: 'box_office' })); setAdded('') }}
        />
      )}
    </Confirm>
  )
}
