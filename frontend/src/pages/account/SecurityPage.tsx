import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changePassword, endSession, sessionsQuery, useSessions, type Session } from '../../api/account'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, Waiting } from '../../ui'
import { AccountFrame, Part } from './AccountFrame'
import { LinkedList } from './LinkedList'
import { PasskeyList } from './PasskeyList'
import { TwoStep } from './TwoStep'
import { useSignOut } from '../../components/session'

/** How one signs in, and where one is signed in. */
export function SecurityPage() {
  const { t } = useSpeech()
  const words = t.account.security
  return (
    <AccountFrame title={words.title}>
      {() => (
        <>
          <Part id="password" title={words.password}><PasswordForm /></Part>
          <Part id="two-step" title={t.account.twoStep.title} hint={t.account.twoStep.hint}><TwoStep /></Part>
          <Part id="passkeys" title={t.account.passkeys.title} hint={t.account.passkeys.hint}><PasskeyList /></Part>
          <Part id="linked" title={t.account.linked.title} hint={t.account.linked.hint}><LinkedList /></Part>
          <Part id="sessions" title={words.sessions} hint={words.sessionsHint}><Sessions /></Part>
        </>
      )}
    </AccountFrame>
  )
}

function PasswordForm() {
  const words = useSpeech().t.account
  const client = useQueryClient()
  const [done, setDone] = useState(false)
  const { set, field, busy, failed, submit, form } = useForm({ current_password: '', new_password: '' }, async (values, key) => {
    setDone(false)
    await changePassword(values, key)
    setDone(true)
    set({ current_password: '', new_password: '' })
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <TextField label={words.profile.currentPassword} type="password" autoComplete="current-password" required {...field('current_password')} />
      <TextField label={words.newPassword} type="password" autoComplete="new-password" minLength={12} required hint={words.passwordHint} {...field('new_password')} />
      <Refusal error={failed} words={{ unauthenticated: words.profile.wrongPassword, forbidden: words.profile.wrongPassword }} />
      {done && <Notice kind="lamp">{words.security.passwordDone}</Notice>}
      <Button type="submit" look="ink" disabled={busy}>{words.security.passwordGo}</Button>
    </form>
  )
}

function Sessions() {
  const { t, f } = useSpeech()
  const words = t.account.security
  const client = useQueryClient()
  const sessions = useSessions()
  const signOut = useSignOut()
  const [failed, setFailed] = useState<unknown>(null)
  const [ended, setEnded] = useState(false)
  const end = async (session: Session) => {
    if (session.current) return signOut()
    setFailed(null)
    setEnded(false)
    try {
      await endSession(session.id)
      setEnded(true)
    } catch (error) {
      setFailed(error)
    }
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  }
  const when = (iso: string) => `${f.day(iso)}, ${f.time(iso)}`
  if (sessions.isPending) return <Waiting label={t.common.loading} />
  if (sessions.isError) return <Trouble part error={sessions.error} again={() => void sessions.refetch()} />
  return (
    <>
      <ul className="things">
        {sessions.data.map((session) => {
          const name = session.device || words.unknownDevice
          return (
            <li key={session.id} className="things__one">
              <div className="things__words">
                <p className="things__name">{name}{session.current && <span className="soft"> · {words.thisOne}</span>}</p>
                <p className="soft small">{[session.address, words.since(when(session.created_at)), session.last_used_at && words.lastUsed(when(session.last_used_at))].filter(Boolean).join(' · ')}</p>
              </div>
              <Button look="plain" small onClick={() => void end(session)} aria-label={session.current ? words.endThis : words.endNamed(name)}>{session.current ? words.endThis : words.end}</Button>
            </li>
          )
        })}
      </ul>
      <Refusal error={failed} />
      {ended && <Notice>{words.ended}</Notice>}
    </>
  )
}
