import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { Problem, call } from '../api/client'
import { useSite } from '../api/queries'
import type { User } from '../api/types'
import { Shell } from '../components/Shell'
import { useSpeech } from '../i18n'
import { Button, Notice, TextField } from '../ui'
import './forms.css'

export function LoginPage() {
  const { t, f } = useSpeech()
  const client = useQueryClient()
  const site = useSite().data
  const [, go] = useLocation()
  const [params] = useSearchParams()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFailed(null)
    try {
      const { user } = await call<{ user: User }>('POST', '/auth/login', { email: email.trim(), password })
      client.setQueryData(['me'], user)
      const next = params.get('next')
      // Only our own addresses: a link must not lead a signed-in person elsewhere.
      go(next?.startsWith('/') && !next.startsWith('//') ? next : '/admin')
    } catch (error) {
      setFailed(error)
      setBusy(false)
    }
  }
  return (
    <Shell title={t.login.title}>
      <div className="page">
        <form className="sheet" onSubmit={(event) => void submit(event)}>
          <h1 className="display sheet__title">{t.login.title}</h1>
          {site?.demo && <p className="soft">{t.login.demo}</p>}
          <TextField label={t.login.email} type="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
          <TextField label={t.login.password} type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
          {failed !== null && <Notice kind="alarm">{failed instanceof Problem && failed.code === 'unauthenticated' ? t.login.wrong : f.problem(failed)}</Notice>}
          <Button type="submit" look="ink" disabled={busy}>{t.login.go}</Button>
        </form>
      </div>
    </Shell>
  )
}
