import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ComponentProps } from 'react'
import { confirmEnrolment, disableTotp, enroll, readStanding, renewRecoveryCodes, type Enrolment, type Proof } from '../../api/factors'
import { newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { ShownOnce } from '../../components/ShownOnce'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, Waiting } from '../../ui'

export const STANDING = ['me', 'factors']
export const useStanding = () => useQuery({ queryKey: STANDING, queryFn: ({ signal }) => readStanding(signal) })

/** The authenticator app: set up, turned on by its first code, turned off. Recovery codes come with it and are shown once. */
export function TwoStep() {
  const { t } = useSpeech()
  const words = t.account.twoStep
  const client = useQueryClient()
  const standing = useStanding()
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const again = () => client.invalidateQueries({ queryKey: STANDING })
  if (standing.isPending) return <Waiting label={t.common.loading} />
  if (standing.isError) return <Trouble part error={standing.error} again={() => void standing.refetch()} />
  if (codes) return <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />
  const { totp, recovery_codes: left, required } = standing.data
  if (enrolment) {
    return <Enrol enrolment={enrolment} onDone={(fresh) => { setEnrolment(null); setCodes(fresh); setDone(words.done); void again() }} onCancel={() => setEnrolment(null)} />
  }
  return (
    <>
      <p>{totp ? words.on : words.off}</p>
      {required && !totp && standing.data.passkeys === 0 && <Notice kind="alarm">{words.required}</Notice>}
      {done && <Notice kind="lamp">{done}</Notice>}
      {!totp && <Begin label={words.begin} run={async (password, key) => { setDone(null); setEnrolment(await enroll({ password }, key)) }} />}
      {(totp || standing.data.passkeys > 0) && <p className="soft">{words.left(left)}</p>}
      <div className="things__acts">
        {totp && <Proven label={words.disable} text={words.disableText} code run={async (proof, key) => { await disableTotp(proof, key); setDone(words.disabled); await again() }} />}
        {(totp || standing.data.passkeys > 0) && <Proven label={words.renew} text={words.renewText} code={totp} run={async (proof, key) => { setCodes((await renewRecoveryCodes(proof, key)).recovery_codes); await again() }} />}
      </div>
    </>
  )
}

/** The password once more, of who has one; who has none must have just signed in, which the server knows. */
export function PasswordAgain(field: Partial<ComponentProps<typeof TextField>>) {
  const words = useSpeech().t.account
  const has = useStanding().data?.password ?? true
  return has ? <TextField label={words.confirmPassword} type="password" autoComplete="current-password" required {...field} /> : <p className="soft small">{words.noPassword}</p>
}

/** What takes a way in away: asks first, and for the password. */
export function Removal({ label, named, text, run }: { label: string; named: string; text: string; run(proof: Proof, key: string): Promise<unknown> }) {
  const words = useSpeech().t.account
  const [password, setPassword] = useState('')
  const clear = () => setPassword('')
  return (
    <Confirm label={label} named={named} title={label} text={<p>{text}</p>} yes={label} words={{ forbidden: words.profile.wrongPassword }} run={() => run({ password }, newKey()).then(clear)}>
      <PasswordAgain value={password} onChange={(event) => setPassword(event.target.value)} />
    </Confirm>
  )
}

/** A press that needs the password once more: a machine that was left open is not enough. */
function Begin({ label, run }: { label: string; run(password: string, key: string): Promise<unknown> }) {
  const words = useSpeech().t.account
  const { field, busy, failed, submit, form } = useForm({ password: '' }, ({ password }, key) => run(password, key))
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <PasswordAgain {...field('password')} />
      <Refusal error={failed} words={{ forbidden: words.profile.wrongPassword }} />
      <Button type="submit" disabled={busy}>{label}</Button>
    </form>
  )
}

/** The same for what takes a factor away: with a code of it too, so that a stolen password alone can't. */
function Proven({ label, text, code: needsCode, run }: { label: string; text: string; code: boolean; run(proof: Proof, key: string): Promise<unknown> }) {
  const words = useSpeech().t.account
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const clear = () => { setPassword(''); setCode('') }
  return (
    <Confirm label={label} title={label} text={<p>{text}</p>} yes={label} words={{ forbidden: words.twoStep.wrongProof }} run={() => run({ password, ...(needsCode ? { code: code.trim() } : {}) }, newKey()).then(clear)}>
      <PasswordAgain value={password} onChange={(event) => setPassword(event.target.value)} />
      {needsCode && <TextField label={words.twoStep.codeOrRecovery} autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} required value={code} onChange={(event) => setCode(event.target.value)} />}
    </Confirm>
  )
}

function Enrol({ enrolment, onDone, onCancel }: { enrolment: Enrolment; onDone(codes: string[] | null): void; onCancel(): void }) {
  const { t } = useSpeech()
  const words = t.account.twoStep
  const { field, busy, failed, submit, form } = useForm({ code: '' }, async ({ code }, key) => {
    onDone((await confirmEnrolment(code.replaceAll(/\s/g, ''), key)).recovery_codes)
  })
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <p>{words.scan}</p>
      <div className="qr"><img src={`data:image/svg+xml,${encodeURIComponent(enrolment.qr_svg)}`} alt={words.qr} width={188} height={188} /></div>
      <p>{words.orType}</p>
      <code className="secret">{enrolment.secret}</code>
      <TextField label={words.code} required autoComplete="one-time-code" inputMode="numeric" {...field('code')} />
      <Refusal error={failed} words={{ unauthenticated: words.wrongCode, forbidden: words.wrongCode }} />
      <div className="secret__acts">
        <Button type="submit" look="ink" disabled={busy}>{words.confirm}</Button>
        <Button onClick={onCancel}>{t.common.cancel}</Button>
      </div>
    </form>
  )
}

export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept(): void }) {
  const words = useSpeech().t.account.twoStep
  return (
    <>
      <Notice kind="lamp"><strong>{words.recovery}</strong><p>{words.recoveryText}</p></Notice>
      <ShownOnce text={codes.join('\n')} file="recovery-codes.txt"><ul className="codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul></ShownOnce>
      <Button look="ink" onClick={onKept}>{words.kept}</Button>
    </>
  )
}
