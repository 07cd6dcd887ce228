import { useState } from 'react'
import type { SignInAnswer } from '../../api/account'
import { signInByPasskey } from '../../api/factors'
import { hasPasskeys, refusedBy } from '../../api/webauthn'
import { Refusal } from '../../components/Refusal'
import { useSpeech } from '../../i18n'
import { Button, Notice, type Look } from '../../ui'

type Props = { challenge: string | null; label: string; look?: Look; onDone(answer: SignInAnswer): void }

/** Asks the device for a passkey: to sign in, or as the second step that `challenge` asks for. */
export function PasskeyButton({ challenge, label, look = 'line', onDone }: Props) {
  const words = useSpeech().t.account.passkeys
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const stopped = refusedBy(failed)
  const go = async () => {
    setBusy(true)
    setFailed(null)
    try {
      onDone(await signInByPasskey(challenge))
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  if (!hasPasskeys()) return challenge ? <Notice kind="alarm">{words.unsupported}</Notice> : null
  return (
    <div className="sheet__form">
      {stopped ? <Notice kind="alarm">{words.stopped}</Notice> : <Refusal error={failed} words={{ unauthenticated: words.refused, not_found: words.refused }} />}
      <Button look={look} disabled={busy} onClick={() => void go()}>{label}</Button>
    </div>
  )
}
