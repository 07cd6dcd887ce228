/** The ways into an account that begin or end in a mail: register, confirm an address, a new password, an invitation. */
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { forgotPassword, register, resetPassword, verifyAddress } from '../../api/account'
import { useSite } from '../../api/queries'
import { FocusedTitle } from '../../components/FocusedTitle'
import { Refusal } from '../../components/Refusal'
import { Shell } from '../../components/Shell'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, buttonClass } from '../../ui'
import { tokenOfLink, useSignedIn } from '../../components/session'
import '../forms.css'

/** What the server says to a link that was used, or is too old, or never was one. */
const dead = (words: string) => ({ not_found: words, signature_invalid: words, forbidden: words, link_invalid: words, link_expired: words, token_invalid: words })

export function RegisterPage() {
  const { t, language } = useSpeech()
  const words = t.account
  const [sent, setSent] = useState<string | null>(null)
  const [params] = useSearchParams()
  const next = params.get('next')
  const { field, busy, failed, submit, form } = useForm({ name: '', email: addressInLink(), password: '' }, async ({ name, email, password }, key) => {
    await register({ name: name.trim(), email: email.trim(), password, locale: language }, key)
    setSent(email.trim())
  })
  if (sent !== null) return <LookIntoMail title={words.register.sent} text={words.register.sentText(sent)} again={words.register.other} onAgain={() => setSent(null)} />
  return (
    <Shell title={words.register.title}>
      <div className="page">
        <form className="sheet" ref={form} onSubmit={submit}>
          <h1 className="display sheet__title">{words.register.title}</h1>
          <p className="prose">{words.register.intro}</p>
          <TextField label={words.name} autoComplete="name" required maxLength={200} {...field('name')} />
          <TextField label={words.email} type="email" autoComplete="username" required {...field('email')} />
          <TextField label={words.password} type="password" autoComplete="new-password" minLength={12} required hint={words.passwordHint} {...field('password')} />
          <Refusal error={failed} />
          <Button type="submit" look="ink" disabled={busy}>{words.register.go}</Button>
          <p><Link href={next ? `/login?next=${encodeURIComponent(next)}` : '/login'}>{words.register.have}</Link></p>
        </form>
      </div>
    </Shell>
  )
}

/** Who comes from an order brings its address along behind `#`, where no log sees it. */
function addressInLink(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

/** The same words whether there is such an account or not. */
function LookIntoMail({ title, text, again, onAgain }: { title: string; text: string; again: string; onAgain(): void }) {
  const { t } = useSpeech()
  const site = useSite().data
  return (
    <Shell title={title}>
      <div className="page">
        <div className="sheet">
          <FocusedTitle>{title}</FocusedTitle>
          <p className="prose">{text}</p>
          <p className="soft">{t.account.register.spam}</p>
          {site?.demo && site.mail === 'mailbox' && <p><Link href="/admin/mailbox">{t.demo.mailbox}</Link></p>}
          <p><Button look="plain" onClick={onAgain}>{again}</Button></p>
        </div>
      </div>
    </Shell>
  )
}

/** Confirms an address by a press, not by the opening of the link: mail filters open every link that they see. */
export function VerifyPage() {
  const words = useSpeech().t.account
  const [token] = useState(tokenOfLink)
  const [state, setState] = useState<'asking' | 'done'>('asking')
  const signedIn = useSignedIn()
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    const answer = await verifyAddress(token, key)
    if (answer?.user) signedIn(answer.user, null)
    else setState('done')
  })
  return (
    <Shell title={words.verify.title}>
      <div className="page">
        {state === 'done' ? (
          <div className="sheet">
            <FocusedTitle>{words.verify.done}</FocusedTitle>
            <p className="prose">{words.verify.doneText}</p>
            <p><Link href="/login" className={buttonClass('lamp')}>{words.signIn.go}</Link></p>
          </div>
        ) : (
          <form className="sheet" onSubmit={submit}>
            <h1 className="display sheet__title">{words.verify.title}</h1>
            {token ? <p className="prose">{words.verify.asking}</p> : <Notice kind="alarm">{words.verify.noToken}</Notice>}
            <Refusal error={failed} words={dead(words.verify.old)} />
            <Button type="submit" look="lamp" disabled={busy || !token}>{words.verify.go}</Button>
          </form>
        )}
      </div>
    </Shell>
  )
}

export function ForgotPasswordPage() {
  const words = useSpeech().t.account
  const [sent, setSent] = useState<string | null>(null)
  const [known] = useState(() => decodeURIComponent(location.hash.slice(1)))
  const { field, busy, failed, submit, form } = useForm({ email: known }, async ({ email }, key) => {
    await forgotPassword(email.trim(), key)
    setSent(email.trim())
  })
  if (sent !== null) return <LookIntoMail title={words.register.sent} text={words.forgot.sentText(sent)} again={words.register.other} onAgain={() => setSent(null)} />
  return (
    <Shell title={words.forgot.title}>
      <div className="page">
        <form className="sheet" ref={form} onSubmit={submit}>
          <h1 className="display sheet__title">{words.forgot.title}</h1>
          <p className="prose">{words.forgot.intro}</p>
          <TextField label={words.email} type="email" autoComplete="username" required {...field('email')} />
          <Refusal error={failed} />
          <Button type="submit" look="ink" disabled={busy}>{words.forgot.go}</Button>
        </form>
      </div>
    </Shell>
  )
}

export function ResetPasswordPage() {
  const words = useSpeech().t.account
  const [token] = useState(tokenOfLink)
  const [done, setDone] = useState(false)
  const { field, busy, failed, submit, form } = useForm({ password: '' }, async ({ password }, key) => {
    await resetPassword({ token, password }, key)
    setDone(true)
  })
  return (
    <Shell title={words.reset.title}>
      <div className="page">
        {done ? (
          <div className="sheet">
            <FocusedTitle>{words.reset.done}</FocusedTitle>
            <p className="prose">{words.reset.doneText}</p>
            <p><Link href="/login" className={buttonClass('lamp')}>{words.signIn.go}</Link></p>
          </div>
        ) : (
          <form className="sheet" ref={form} onSubmit={submit}>
            <h1 className="display sheet__title">{words.reset.title}</h1>
            {!token && <Notice kind="alarm">{words.verify.noToken}</Notice>}
            <TextField label={words.newPassword} type="password" autoComplete="new-password" minLength={12} required hint={words.passwordHint} {...field('password')} />
            <Refusal error={failed} words={dead(words.reset.old)} />
            <Button type="submit" look="ink" disabled={busy || !token}>{words.reset.go}</Button>
            {failed !== null && <p><Link href="/forgot-password">{words.reset.anew}</Link></p>}
          </form>
        )}
      </div>
    </Shell>
  )
}
