import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changeAddress, changeProfile, meQuery } from '../../api/account'
import type { User } from '../../api/types'
import { Refusal } from '../../components/Refusal'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField } from '../../ui'
import { AccountFrame, Part } from './AccountFrame'

/** One's name and address. */
export function AccountPage() {
  const { t } = useSpeech()
  return (
    <AccountFrame title={t.account.profile.title}>
      {(user) => (
        <>
          <Part id="name" title={t.account.name}><NameForm key={user.id} user={user} /></Part>
          <Part id="address" title={t.account.profile.address} hint={t.account.profile.addressText(user.email)}><AddressForm /></Part>
        </>
      )}
    </AccountFrame>
  )
}

function NameForm({ user }: { user: User }) {
  const words = useSpeech().t.account
  const client = useQueryClient()
  const [saved, setSaved] = useState(false)
  const { values, field, busy, failed, submit, form } = useForm({ name: user.name }, async ({ name }, key) => {
    setSaved(false)
    const answer = await changeProfile({ name: name.trim() }, key)
    client.setQueryData(meQuery.queryKey, answer.user)
    setSaved(true)
  })
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <TextField label={words.name} autoComplete="name" required maxLength={200} {...field('name')} />
      <Refusal error={failed} />
      {saved && values.name.trim() === user.name && <Notice kind="lamp">{words.profile.saved}</Notice>}
      <Button type="submit" look="ink" disabled={busy}>{words.profile.save}</Button>
    </form>
  )
}

function AddressForm() {
  const words = useSpeech().t.account
  const [sent, setSent] = useState<string | null>(null)
  const { set, field, busy, failed, submit, form } = useForm({ email: '', password: '' }, async ({ email, password }, key) => {
    setSent(null)
    await changeAddress({ email: email.trim(), password }, key)
    setSent(email.trim())
    set({ email: '', password: '' })
  })
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <TextField label={words.profile.newAddress} type="email" autoComplete="email" required {...field('email')} />
      <TextField label={words.profile.currentPassword} type="password" autoComplete="current-password" required {...field('password')} />
      <Refusal error={failed} words={{ unauthenticated: words.profile.wrongPassword, forbidden: words.profile.wrongPassword }} />
      {sent !== null && <Notice kind="lamp">{words.profile.sent(sent)}</Notice>}
      <Button type="submit" look="ink" disabled={busy}>{words.profile.change}</Button>
    </form>
  )
}
