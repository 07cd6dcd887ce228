import { useState } from 'react'
import type { Factor, SecondStep } from '../../api/account'
import { answerChallenge } from '../../api/factors'
import { Problem } from '../../api/client'
import type { User } from '../../api/types'
import { FocusedTitle } from '../../components/FocusedTitle'
import { Refusal } from '../../components/Refusal'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, TextField, Ways } from '../../ui'
import { PasskeyButton } from './PasskeyButton'

type Props = { step: SecondStep; onDone(user: User): void; onRestart(): void }

/** The second step: whichever proof the account has. The challenge ends by itself; then one begins again. */
export function SecondStepForm({ step, onDone, onRestart }: Props) {
  const words = useSpeech().t.account.second
  const [way, setWay] = useState<Factor>(step.methods[0] ?? 'totp')
  return (
    <div className="sheet">
      <FocusedTitle>{words.title}</FocusedTitle>
      {step.methods.length > 1 && <Ways label={words.ways} value={way} onChange={(next: Factor) => setWay(next)} ways={step.methods.map((method) => ({ value: method, label: words.way[method] }))} />}
      {way === 'passkey' ? (
        <>
          <p className="soft">{words.passkeyHint}</p>
          <PasskeyButton challenge={step.challenge} label={words.go} look="ink" onDone={(answer) => { if (answer.user) onDone(answer.user) }} />
        </>
      ) : <CodeForm key={way} way={way} challenge={step.challenge} onDone={onDone} />}
      <p><Button look="plain" small onClick={onRestart}>{words.restart}</Button></p>
    </div>
  )
}

function CodeForm({ way, challenge, onDone }: { way: Exclude<Factor, 'passkey'>; challenge: string; onDone(user: User): void }) {
  const words = useSpeech().t.account.second
  const totp = way === 'totp'
  const { field, busy, failed, submit, form } = useForm({ code: '' }, async ({ code }, key) => {
    onDone((await answerChallenge({ challenge, method: way, code: code.replaceAll(/\s/g, '') }, key)).user)
  })
  const over = failed instanceof Problem && (failed.status === 410 || failed.status === 404)
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <TextField
        label={totp ? words.totp : words.recovery} hint={totp ? words.totpHint : words.recoveryHint} required autoComplete={totp ? 'one-time-code' : 'off'} inputMode={totp ? 'numeric' : 'text'}
        autoCapitalize="none" spellCheck={false} {...field('code')}
      />
      <Refusal error={failed} words={{ unauthenticated: words.wrong, forbidden: words.wrong, ...(over ? { not_found: words.over } : {}) }} />
      <Button type="submit" look="ink" disabled={busy}>{words.go}</Button>
    </form>
  )
}
