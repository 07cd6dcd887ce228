import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addPasskey, readPasskeys, removePasskey, renamePasskey, type Passkey } from '../../api/factors'
import { newKey } from '../../api/client'
import { hasPasskeys, refusedBy } from '../../api/webauthn'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField, Waiting } from '../../ui'
import { PasswordAgain, RecoveryCodes, Removal } from './TwoStep'

/** Passkeys: add, name, remove. */
export function PasskeyList() {
  const { t } = useSpeech()
  const words = t.account.passkeys
  const client = useQueryClient()
  const [codes, setCodes] = useState<string[] | null>(null)
  const [added, setAdded] = useState(false)
  const passkeys = useQuery({ queryKey: ['me', 'passkeys'], queryFn: ({ signal }) => readPasskeys(signal) })
  const again = () => client.invalidateQueries({ queryKey: ['me'], predicate: ({ queryKey }) => queryKey.length > 1 })
  if (passkeys.isPending) return <Waiting label={t.common.loading} />
  if (passkeys.isError) return <Trouble part error={passkeys.error} again={() => void passkeys.refetch()} />
  return (
    <>
      {passkeys.data.length === 0 && <p className="soft">{words.none}</p>}
      {passkeys.data.length > 0 && <ul className="things">{passkeys.data.map((passkey) => <One key={passkey.id} passkey={passkey} again={again} />)}</ul>}
      {added && <Notice kind="lamp">{words.added}</Notice>}
      {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      {hasPasskeys() ? <Add onDone={(fresh) => { setAdded(true); setCodes(fresh); void again() }} /> : <p className="soft">{words.unsupported}</p>}
    </>
  )
}

function Add({ onDone }: { onDone(codes: string[] | null): void }) {
  const { t } = useSpeech()
  const words = t.account.passkeys
  const { set, field, busy, failed, submit, form } = useForm({ name: '', password: '' }, async (values) => {
    const answer = await addPasskey({ name: values.name.trim(), password: values.password })
    set({ name: '', password: '' })
    onDone(answer.recovery_codes ?? null)
  })
  const refused = refusedBy(failed)
  return (
    <form className="sheet__form" ref={form} onSubmit={submit}>
      <TextField label={words.name} hint={words.nameHint} required maxLength={100} {...field('name')} />
      <PasswordAgain {...field('password')} />
      {refused ? <Notice kind="alarm">{words[refused]}</Notice> : <Refusal error={failed} words={{ forbidden: t.account.profile.wrongPassword }} />}
      <Button type="submit" disabled={busy}>{words.add}</Button>
    </form>
  )
}

function One({ passkey, again }: { passkey: Passkey; again(): Promise<unknown> }) {
  const { t, f } = useSpeech()
  const words = t.account.passkeys
  const [name, setName] = useState(passkey.name)
  const when = (iso: string) => `${f.day(iso)}, ${f.time(iso)}`
  return (
    <li className="things__one">
      <div className="things__words">
        <p className="things__name">{passkey.name}</p>
        <p className="soft small">{[t.account.security.since(when(passkey.created_at)), passkey.last_used_at && t.account.security.lastUsed(when(passkey.last_used_at))].filter(Boolean).join(' · ')}</p>
      </div>
      <div className="things__acts">
        <Confirm label={words.rename} named={words.renameNamed(passkey.name)} title={words.rename} text={null} yes={t.account.profile.save} run={async () => { await renamePasskey(passkey.id, name.trim(), newKey()); await again() }}>
          <TextField label={words.name} required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        </Confirm>
        <Removal label={words.remove} named={words.removeNamed(passkey.name)} text={words.removeText(passkey.name)} run={async (proof, key) => { await removePasskey(passkey.id, proof, key); await again() }} />
      </div>
    </li>
  )
}
