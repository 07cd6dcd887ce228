import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, SelectField, TextField, Waiting } from '../../ui'
import { ACTS, Moment, Table } from './Paged'
import { ROLES, ROLE_CHOICES, ROLE_NAMES, changeMember, invite, membersPath, read, removeMember, resend, shortRole, withdraw, type Invitation, type Member, type Members as MembersPage, type Role } from './people'
import '../forms.css'

/** Who works for a house, who is asked to, and what is asked of them. */
export function Members({ organizer }: { organizer: string }) {
  const { t } = useSpeech()
  const client = useQueryClient()
  const path = membersPath(organizer)
  const list = useInfiniteQuery({
    queryKey: ['admin', path], queryFn: ({ pageParam, signal }) => read<MembersPage>(`${path}?limit=50${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ''}`, signal),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next,
  })
  const again = () => client.invalidateQueries({ queryKey: ['admin'] })
  if (list.isPending) return <Waiting label={t.common.loading} />
  if (list.isError) return <Trouble part error={list.error} again={() => void list.refetch()} />
  const members = list.data.pages.flatMap((page) => page.items)
  return (
    <>
      {members.length === 0 ? <p className="soft">Nobody works for this house yet. Invite somebody below.</p> : <MemberTable organizer={organizer} members={members} again={again} />}
      {list.hasNextPage && <p><Button small disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t.home.more}</Button></p>}
      <h2 className="part__title">Invited</h2>
      <Invitations organizer={organizer} invitations={list.data.pages[0]?.invitations ?? []} again={again} />
      <Invite organizer={organizer} onDone={() => void again()} />
      <SecondStepRule organizer={organizer} />
    </>
  )
}

function MemberTable({ organizer, members, again }: { organizer: string; members: Member[]; again(): Promise<unknown> }) {
  return (
    <Table label="Members" heads={['Name', 'Role', 'Second step', 'Last signed in', ACTS]}>
      {members.map((member) => (
        <tr key={member.user_id}>
          <td>{member.name}<br /><span className="soft">{member.email}</span></td>
          <td>{shortRole(member.role)}{member.disabled_at && ', account closed'}</td>
          <td>{member.second_factor ? 'set up' : member.second_factor_required ? 'missing: can do nothing until it is set up' : 'none'}</td>
          <td><Moment at={member.last_sign_in_at} none="not lately" /></td>
          <td>
            <ChangeRole member={member} run={async (role) => { await changeMember(organizer, member.user_id, role); await again() }} />{' '}
            <Confirm label="Remove" named={`Remove ${member.name}`} title="Remove from the house" text={<p>{member.name} can no longer see or change anything of this house. It works at once, and they are told by mail.</p>} yes="Remove" run={async () => { await removeMember(organizer, member.user_id); await again() }} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

function ChangeRole({ member, run }: { member: Member; run(role: Role): Promise<unknown> }) {
  const [role, setRole] = useState<Role>(member.role)
  return (
    <Confirm label="Change the role" named={`Change the role of ${member.name}`} title="Change the role" text={<p>{member.name} is {shortRole(member.role)} now. It works at once, and they are told by mail.</p>} yes="Change" run={() => run(role)}>
      <SelectField label="Role" choices={ROLE_CHOICES} value={role} onChange={(event) => setRole(event.target.value as Role)} />
    </Confirm>
  )
}

function Invitations({ organizer, invitations, again }: { organizer: string; invitations: Invitation[]; again(): Promise<unknown> }) {
  if (invitations.length === 0) return <p className="soft">No invitation is open.</p>
  return (
    <Table label="Open invitations" heads={['To', 'Role', 'By', 'Good until', ACTS]}>
      {invitations.map((one) => (
        <tr key={one.id}>
          <td>{one.email}</td><td>{shortRole(one.role)}</td><td>{one.invited_by ?? 'somebody who has left'}</td>
          <td>{Date.parse(one.expires_at) < Date.now() ? 'ran out: ' : ''}<Moment at={one.expires_at} /></td>
          <td>
            <Resend organizer={organizer} invitation={one} again={again} />{' '}
            <Confirm label="Withdraw" named={`Withdraw the invitation of ${one.email}`} title="Withdraw the invitation" text={<p>The link in the mail to {one.email} stops working.</p>} yes="Withdraw" run={async () => { await withdraw(organizer, one.id); await again() }} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Resend({ organizer, invitation, again }: { organizer: string; invitation: Invitation; again(): Promise<unknown> }) {
  const [sent, setSent] = useState(false)
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    await resend(organizer, invitation.id, key)
    setSent(true)
    await again()
  })
  return (
    <>
      <Button look="plain" small disabled={busy} aria-label={`Send again to ${invitation.email}`} onClick={() => submit()}>Send again</Button>
      <Refusal error={failed} />
      {sent && <Notice kind="lamp">Sent again.</Notice>}
    </>
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
        <TextField label="E-mail" type="email" autoComplete="off" required hint="The link in the mail works once, for seven days. An older invitation of the same address gives way." {...field('email')} />
        <SelectField label="Role" choices={ROLE_CHOICES} value={values.role} onChange={(event) => set({ role: event.target.value })} />
        <Refusal error={failed} />
        {sent && <Notice kind="lamp">An invitation is on its way to {sent}.</Notice>}
      </fieldset>
      <Button type="submit" look="ink" disabled={busy}>Send the invitation</Button>
    </form>
  )
}

/** Whose members must sign in with a second step. */
function SecondStepRule({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const path = `/admin/organizers/${organizer}/mfa`
  const rule = useQuery({ queryKey: ['admin', path], queryFn: ({ signal }) => read<{ mfa_required_for: string[] }>(path, signal) })
  const [chosen, setChosen] = useState<string[] | null>(null)
  const [saved, setSaved] = useState(false)
  const key = useRef(newKey())
  const now = chosen ?? rule.data?.mfa_required_for ?? []
  const { busy, failed, submit } = useForm({}, async () => {
    setSaved(false)
    client.setQueryData(['admin', path], await call('PUT', path, { mfa_required_for: now }, { key: key.current }))
    await client.invalidateQueries({ queryKey: ['admin', membersPath(organizer)] })
    setChosen(null)
    setSaved(true)
  })
  if (!rule.data) return rule.isError ? <Trouble part error={rule.error} again={() => void rule.refetch()} /> : null
  const choose = (role: Role, on: boolean) => {
    key.current = newKey()
    setSaved(false)
    setChosen(on ? [...now, role] : now.filter((one) => one !== role))
  }
  return (
    <form className="sheet" onSubmit={submit}>
      <fieldset className="sheet__part checks">
        <legend>Who must sign in with a second step</legend>
        {ROLES.map((role) => (
          <label key={role} className="check"><input type="checkbox" checked={now.includes(role)} onChange={(event) => choose(role, event.target.checked)} />{ROLE_NAMES[role]}</label>
        ))}
        <p className="soft small">Who has such a role and no second step can do nothing here until it is set up.</p>
        <Refusal error={failed} />
        {saved && <Notice kind="lamp">Saved.</Notice>}
      </fieldset>
      <Button type="submit" disabled={busy || chosen === null}>Save</Button>
    </form>
  )
}
