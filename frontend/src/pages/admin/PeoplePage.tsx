import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useMe } from '../../components/session'
import { useForm } from '../../components/useForm'
import { Button, Notice, SelectField, TextField, Ways } from '../../ui'
import { AdminStepRule } from './AdminStepRule'
import { Office } from './Office'
import { HouseChoice } from './HouseChoice'
import { ACTS, Moment, Paged, Table } from './Paged'
import { ROLES, ROLE_NAMES, changeMember, invite, membersPath, read, removeMember, setAdmin, shortRole, withdraw, type AdminUser, type Invitation, type Member, type Role } from './people'
import '../forms.css'

const CHOICES = ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] }))

/** Who works for a house; and, for administrators, everybody with an account. */
export function PeoplePage() {
  const [room, setRoom] = useState<'members' | 'users'>('members')
  const admin = useMe().data?.role === 'admin'
  return (
    <Office title="People">
      {admin && <Ways label="Which people" value={room} onChange={(next: 'members' | 'users') => setRoom(next)} ways={[{ value: 'members', label: 'Members of a house' }, { value: 'users', label: 'Everybody' }]} />}
      {admin && room === 'users' ? <Users /> : <HouseChoice>{(organizer) => <Members key={organizer} organizer={organizer} />}</HouseChoice>}
    </Office>
  )
}

function Members({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  return (
    <>
      <Paged<Member> path={membersPath(organizer)} empty="Nobody works for this house yet.">
        {(members) => (
          <Table label="Members" heads={['Name', 'Role', ACTS]}>
            {members.map((member) => (
              <tr key={member.user_id}>
                <td>{member.name}<br /><span className="soft">{member.email}</span></td>
                <td>{shortRole(member.role)}</td>
                <td>
                  <ChangeRole member={member} run={async (role) => { await changeMember(organizer, member.user_id, role, newKey()); await again() }} />{' '}
                  <Confirm label="Remove" named={`Remove ${member.name}`} title="Remove from the house" text={<p>{member.name} can no longer see or change anything of this house. It works at once.</p>} yes="Remove" run={async () => { await removeMember(organizer, member.user_id); await again() }} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <h2 className="part__title">Invited</h2>
      <Paged<Invitation> path={`/admin/organizers/${organizer}/invitations`} empty="No invitation is open.">
        {(invitations) => (
          <Table label="Open invitations" heads={['To', 'Role', 'Good until', ACTS]}>
            {invitations.map((one) => (
              <tr key={one.id}>
                <td>{one.email}</td><td>{shortRole(one.role)}</td><td><Moment at={one.expires_at} /></td>
                <td><Confirm label="Withdraw" named={`Withdraw the invitation of ${one.email}`} title="Withdraw the invitation" text={<p>The link in the mail to {one.email} stops working.</p>} yes="Withdraw" run={async () => { await withdraw(organizer, one.id); await again() }} /></td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <SecondStepRule organizer={organizer} />
      <Invite organizer={organizer} onDone={() => void again()} />
    </>
  )
}

/** Whose members must sign in with a second step. */
function SecondStepRule({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const path = `/admin/organizers/${organizer}/mfa`
  const rule = useQuery({ queryKey: ['admin', path], queryFn: ({ signal }) => read<{ mfa_required_for: string[] }>(path, signal) })
  const [chosen, setChosen] = useState<string[] | null>(null)
  const [saved, setSaved] = useState(false)
  const now = chosen ?? rule.data?.mfa_required_for ?? []
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    setSaved(false)
    client.setQueryData(['admin', path], await call('PUT', path, { mfa_required_for: now }, { key }))
    setChosen(null)
    setSaved(true)
  })
  if (!rule.data) return rule.isError ? <Trouble part error={rule.error} again={() => void rule.refetch()} /> : null
  return (
    <form className="sheet" onSubmit={submit}>
      <fieldset className="sheet__part checks">
        <legend>Who must sign in with a second step</legend>
        {ROLES.map((role) => (
          <label key={role} className="check"><input type="checkbox" checked={now.includes(role)} onChange={(event) => { setSaved(false); setChosen(event.target.checked ? [...now, role] : now.filter((one) => one !== role)) }} />{ROLE_NAMES[role]}</label>
        ))}
        <p className="soft small">Who has such a role and no second step can do nothing here until it is set up.</p>
        <Refusal error={failed} />
        {saved && <Notice kind="lamp">Saved.</Notice>}
      </fieldset>
      <Button type="submit" disabled={busy || chosen === null}>Save</Button>
    </form>
  )
}

function ChangeRole({ member, run }: { member: Member; run(role: Role): Promise<unknown> }) {
  const [role, setRole] = useState<Role>(member.role)
  return (
    <Confirm label="Change the role" named={`Change the role of ${member.name}`} title="Change the role" text={<p>{member.name} is {shortRole(member.role)} now. It works at once.</p>} yes="Change" run={() => run(role)}>
      <SelectField label="Role" choices={CHOICES} value={role} onChange={(event) => setRole(event.target.value as Role)} />
    </Confirm>
  )
}

function Invite({ organizer, onDone }: { organizer: string; onDone(): void }) {
  const [sent, setSent] = useState<string | null>(null)
  const { values, set, field, busy, failed, submit, form } = useForm({ email: '', role: 'box_office' }, async ({ email, role }, key) => {
    setSent(null)
    await invite(organizer, { email: email.trim(), role: role as Role }, key)
    setSent(email.trim())
    set({ email: '' })
    onDone()
  })
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>Invite somebody</legend>
        <TextField label="E-mail" type="email" autoComplete="off" required {...field('email')} />
        <SelectField label="Role" choices={CHOICES} value={values.role} onChange={(event) => set({ role: event.target.value })} />
        <Refusal error={failed} />
        {sent && <Notice kind="lamp">An invitation is on its way to {sent}.</Notice>}
      </fieldset>
      <Button type="submit" look="ink" disabled={busy}>Send the invitation</Button>
    </form>
  )
}

function Users() {
  const client = useQueryClient()
  const me = useMe().data
  const [typed, setTyped] = useState('')
  const [q, setQ] = useState('')
  return (
    <>
      <form className="sheet__form" role="search" onSubmit={(event) => { event.preventDefault(); setQ(typed.trim()) }}>
        <TextField label="Name or address" type="search" value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Button type="submit" small>Search</Button>
      </form>
      <Paged<AdminUser> path={`/admin/users${q ? `?q=${encodeURIComponent(q)}` : ''}`} empty="Nobody is like that.">
        {(users) => (
          <Table label="Everybody with an account" heads={['Name', 'Role', 'Since', ACTS]}>
            {users.map((user) => (
              <tr key={user.id}>
                <td>{user.name}<br /><span className="soft">{user.email}</span></td>
                <td>{shortRole(user.role)}{user.disabled_at && ', disabled'}</td>
                <td><Moment at={user.created_at} /></td>
                <td>
                  {user.id !== me?.id && (
                    <Confirm
                      label={user.is_admin ? 'Take administration away' : 'Make administrator'} named={`${user.is_admin ? 'Take administration away from' : 'Make administrator:'} ${user.name}`} title={user.is_admin ? 'Take administration away' : 'Make administrator'}
                      text={<p>{user.is_admin ? `${user.name} keeps what they are in each house.` : `${user.name} may do everything in every house.`}</p>} yes={user.is_admin ? 'Take away' : 'Make administrator'}
                      run={async () => { await setAdmin(user.id, !user.is_admin, newKey()); await client.invalidateQueries({ queryKey: ['admin'] }) }}
                    />
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
      <AdminStepRule />
    </>
  )
}
