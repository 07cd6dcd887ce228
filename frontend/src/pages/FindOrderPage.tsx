import { useState, type FormEvent, type ReactNode } from 'react'
import { call } from '../api/client'
import { Shell } from '../components/Shell'
import { useSpeech } from '../i18n'
import { Button, Notice, TextField } from '../ui'
import './forms.css'

export function FindOrderPage() {
  const { t } = useSpeech()
  return <Shell title={t.find.title}><div className="page"><FindOrder /></div></Shell>
}

/** Sends the link again: to one order by its number, or to all of an address. The answer is always the same, so that nobody learns which orders exist. */
export function FindOrder({ intro }: { intro?: ReactNode }) {
  const { t, f } = useSpeech()
  const [number, setNumber] = useState('')
  const [email, setEmail] = useState('')
  const [state, setState] = useState<'idle' | 'busy' | 'sent'>('idle')
  const [failed, setFailed] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setState('busy')
    setFailed(null)
    try {
      await call('POST', '/orders/lookup', { ...(number.trim() ? { number: number.trim() } : {}), email: email.trim() })
      setState('sent')
    } catch (error) {
      setFailed(error)
      setState('idle')
    }
  }
  return (
    <form className="sheet" onSubmit={(event) => void submit(event)}>
      <h1 className="display sheet__title">{t.find.title}</h1>
      {intro}
      <TextField label={t.find.email} type="email" autoComplete="email" required value={email} onChange={(event) => setEmail(event.target.value)} />
      <TextField label={t.find.numberIfAny} hint={t.find.hint} autoComplete="off" maxLength={40} value={number} onChange={(event) => setNumber(event.target.value)} />
      {failed !== null && <Notice kind="alarm">{f.problem(failed)}</Notice>}
      {state === 'sent' && <Notice kind="lamp">{t.find.sent}</Notice>}
      <Button type="submit" look="ink" disabled={state === 'busy'}>{t.find.go}</Button>
    </form>
  )
}
