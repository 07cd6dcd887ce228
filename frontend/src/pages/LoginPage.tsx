import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { FACTORS, rememberSignedIn, signIn, type SecondStep, type SignInAnswer } from '../api/account'
import { oauthStart } from '../api/factors'
import { useSite } from '../api/queries'
import { Refusal } from '../components/Refusal'
import { Shell } from '../components/Shell'
import { useForm } from '../components/useForm'
import { useSpeech } from '../i18n'
import { Button, ButtonLink, TextField } from '../ui'
import { OauthFailed } from './account/OauthFailed'
import { PasskeyButton } from './account/PasskeyButton'
import { useProviders } from './account/providers'
import { SecondStepForm } from './account/SecondStepForm'
import { safeNext, useSignedIn } from '../components/session'
import './forms.css'

/** Signing in: a password or a passkey, a second step where one is due. */
export function LoginPage() {
  const { t } = useSpeech()
  const words = t.account
  const site = useSite().data
  const [params] = useSearchParams()
  const signedIn = useSignedIn()
  const [second, setSecond] = useState<SecondStep | null>(takeQuestion)
  const next = params.get('next')
  const providers = useProviders().data ?? []
  const done = (answer: SignInAnswer) => {
    if (answer.mfa) setSecond(answer.mfa)
    else signedIn(answer.user, next)
  }
  const { values, field, busy, failed, submit, form } = useForm({ email: '', password: '' }, async ({ email, password }, key) => {
    const answer = await signIn({ email: email.trim(), password }, key)
    done(answer)
  })
  const register = next ? `/register?next=${encodeURIComponent(next)}` : '/register'
  if (second) {
    return (
      <Shell title={words.second.title}>
        <div className="page"><SecondStepForm step={second} onDone={(user) => signedIn(user, next)} onRestart={() => setSecond(null)} /></div>
      </Shell>
    )
  }
  return (
    <Shell title={words.signIn.title}>
      <div className="page">
        <form className="sheet" ref={form} onSubmit={submit}>
          <h1 className="display sheet__title">{words.signIn.title}</h1>
          {site?.demo && <p className="soft">{words.signIn.demo}</p>}
          <TextField label={words.email} type="email" autoComplete="username webauthn" required {...field('email')} />
          <TextField label={words.password} type="password" autoComplete="current-password" required {...field('password')} />
          <Refusal error={failed} words={{ unauthenticated: words.signIn.wrong }} />
          <Button type="submit" look="ink" disabled={busy}>{words.signIn.go}</Button>
          <p><Link href={`/forgot-password${values.email ? `#${encodeURIComponent(values.email)}` : ''}`}>{words.signIn.forgot}</Link></p>
          <OauthFailed />
          <div className="sheet__part">
            <PasskeyButton challenge={null} label={words.signIn.passkey} onDone={done} />
            {providers.map((one) => <ButtonLink key={one.id} look="line" href={oauthStart(one.id, safeNext(next) ?? '/account')} onClick={() => rememberSignedIn(true)}>{words.signIn.with(one.name)}</ButtonLink>)}
          </div>
          <div className="sheet__part">
            <p>{words.signIn.noAccount} <Link href={register}>{words.signIn.register}</Link></p>
            <p><Link href="/find-order">{words.signIn.find}</Link></p>
          </div>
        </form>
      </div>
    </Shell>
  )
}

/** Who comes back from another house and must take a second step brings its question behind `#`, where no log sees it. */
function takeQuestion(): SecondStep | null {
  const params = new URLSearchParams(location.hash.slice(1))
  const challenge = params.get('challenge')
  const named = params.get('methods')?.split(',') ?? []
  return challenge ? { challenge, methods: FACTORS.filter((one) => named.includes(one)) } : null
}
