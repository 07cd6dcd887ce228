import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { acceptInvitation, lookAtInvitation, rememberSignedIn, signOut, type InvitationShown } from '../../api/account'
import { Problem } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Shell } from '../../components/Shell'
import { Trouble } from '../../components/Trouble'
import { tokenOfLink, useMeIfAny, useSignedIn } from '../../components/session'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, Waiting, buttonClass } from '../../ui'
import '../forms.css'

/** Of the link that was opened last: who signs in on the way comes back here without it. It is in no address and no storage. */
let opened = ''

/** An invitation into a house, from the link in a mail: what it offers, and what is still to do. */
export function InvitationPage() {
  const words = useSpeech().t.account.invitation
  const [token] = useState(() => { opened = tokenOfLink() || opened; return opened })
  // Who signs out here sees the page as a stranger does, from its beginning.
  const [round, setRound] = useState(0)
  return (
    <Shell key={round} title={words.title}>
      <div className="page">
        <div className="sheet">
          <h1 className="display sheet__title">{words.title}</h1>
          {token ? <Shown token={token} onSignedOut={() => setRound(round + 1)} /> : <Notice kind="alarm">{words.noToken}</Notice>}
        </div>
      </div>
    </Shell>
  )
}

function Shown({ token, onSignedOut }: { token: string; onSignedOut(): void }) {
  const { t, f } = useSpeech()
  const words = t.account.invitation
  // Asked first, because an access token that has run out is renewed by it: the server tells by it what is still to do.
  const me = useMeIfAny()
  const look = useQuery({ queryKey: ['me', 'invitation', token, me.data?.id ?? null], queryFn: () => lookAtInvitation(token), enabled: me.fetchStatus === 'idle', retry: false, gcTime: 0 })
  if (look.isPending) return <Waiting label={t.common.loading} />
  if (look.isError) {
    const dead = look.error instanceof Problem && ['link_invalid', 'not_found'].includes(look.error.code)
    return dead ? <Notice kind="alarm">{words.old}</Notice> : <Trouble part error={look.error} again={() => void look.refetch()} />
  }
  const { organizer, role, email, expires_at: until, next } = look.data
  return (
    <>
      <p className="prose">{words.asked(organizer.name)}</p>
      <dl className="facts">
        <div><dt>{words.part}</dt><dd>{words.role[role] ?? role}</dd></div>
        <div><dt>{words.address}</dt><dd>{email}</dd></div>
        <div><dt>{words.until}</dt><dd>{f.longDay(until)}</dd></div>
      </dl>
      <WhatIsLeft next={next} token={token} email={email} name={me.data?.name ?? ''} onSignedOut={onSignedOut} />
    </>
  )
}

type LeftProps = { next: InvitationShown['next']; token: string; email: string; name: string; onSignedOut(): void }
function WhatIsLeft({ next, token, email, name, onSignedOut }: LeftProps) {
  const words = useSpeech().t.account.invitation
  switch (next) {
    case 'accept': return <Accept token={token} name={name} />
    case 'make_account': return <MakeAccount token={token} email={email} />
    case 'sign_out': return <SignOut name={name} onDone={onSignedOut} />
    case 'sign_in': return <><p className="prose">{words.haveAccount}</p><p><Link href="/login?next=%2Finvitation" className={buttonClass('lamp')}>{words.signIn}</Link></p></>
  }
}

function useAccepted() {
  const signedIn = useSignedIn()
  return (user: Parameters<typeof signedIn>[0]) => { opened = ''; signedIn(user, '/admin') }
}

function Accept({ token, name }: { token: string; name: string }) {
  const words = useSpeech().t.account.invitation
  const accepted = useAccepted()
  const { busy, failed, submit } = useForm({}, async (_, key) => accepted((await acceptInvitation({ token }, key)).user))
  return (
    <form className="sheet__form" onSubmit={submit}>
      <p className="prose">{words.ready(name)}</p>
      <Refusal error={failed} words={{ link_invalid: words.old }} />
      <Button type="submit" look="lamp" disabled={busy}>{words.go}</Button>
    </form>
  )
}

function MakeAccount({ token, email }: { token: string; email: string }) {
  const { t, language } = useSpeech()
  const words = t.account
  const accepted = useAccepted()
  const { field, busy, failed, submit, form } = useForm({ name: '', password: '' }, async ({ name, password }, key) => accepted((await acceptInvitation({ token, name: name.trim(), password, locale: language }, key)).user))
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <p className="prose">{words.invitation.makeAccount}</p>
      {/* So that what remembers passwords knows whose it is. */}
      <input type="hidden" autoComplete="username" value={email} readOnly />
      <TextField label={words.name} autoComplete="name" required maxLength={200} {...field('name')} />
      <TextField label={words.password} type="password" autoComplete="new-password" minLength={12} required hint={words.passwordHint} {...field('password')} />
      <Refusal error={failed} words={{ link_invalid: words.invitation.old }} />
      <Button type="submit" look="lamp" disabled={busy}>{words.invitation.makeAndGo}</Button>
    </form>
  )
}

function SignOut({ name, onDone }: { name: string; onDone(): void }) {
  const words = useSpeech().t.account.invitation
  const client = useQueryClient()
  const { busy, failed, submit } = useForm({}, async () => {
    await signOut()
    rememberSignedIn(false)
    client.clear()
    onDone()
  })
  return (
    <form className="sheet__form" onSubmit={submit}>
      <Notice>{words.other(name)}</Notice>
      <Refusal error={failed} />
      <Button type="submit" disabled={busy}>{words.signOut}</Button>
    </form>
  )
}
