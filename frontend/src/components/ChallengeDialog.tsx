import { useEffect, useRef, useState } from 'react'
import { show, type Challenge } from '../api/challenge'
import { useSpeech } from '../i18n'
import { Button, Dialog, Notice, Waiting } from '../ui'

type Props = { challenge: Challenge; onEnd(token: string | null): void }

/** Asks somebody to pass a challenge, with its provider's own page in a frame. */
export function ChallengeDialog({ challenge, onEnd }: Props) {
  const { t, language } = useSpeech()
  const box = useRef<HTMLDivElement>(null)
  const end = useRef(onEnd)
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading')
  const [tries, setTries] = useState(0)
  useEffect(() => { end.current = onEnd }, [onEnd])
  useEffect(() => {
    const at = box.current
    if (!at) return
    let gone = false
    let takeAway: (() => void) | null = null
    const failed = () => { if (!gone) setState('failed') }
    setState('loading')
    show(challenge, at, language, (token) => { if (!gone) end.current(token) }, failed).then((away) => {
      if (gone) {
        away()
        return
      }
      takeAway = away
      setState((now) => (now === 'loading' ? 'shown' : now))
    }).catch(failed)
    return () => {
      gone = true
      takeAway?.()
    }
  }, [challenge, language, tries])
  const names = { turnstile: 'Cloudflare Turnstile', hcaptcha: 'hCaptcha' }
  return (
    <Dialog open title={t.challenge.title} onClose={() => onEnd(null)}>
      <p>{t.challenge.why}</p>
      <p className="field__hint">{t.challenge.who(names[challenge.provider])}</p>
      {state === 'loading' && <Waiting label={t.common.loading} />}
      <div ref={box} />
      {state === 'failed' && <Notice kind="alarm">{t.challenge.failed}</Notice>}
      <div className="dialog__actions">
        {state === 'failed' && <Button look="ink" onClick={() => setTries(tries + 1)}>{t.common.tryAgain}</Button>}
        <Button onClick={() => onEnd(null)}>{t.common.cancel}</Button>
      </div>
    </Dialog>
  )
}
