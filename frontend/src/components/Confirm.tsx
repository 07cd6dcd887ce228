import { useState, type ReactNode } from 'react'
import { useSpeech } from '../i18n'
import { Button, Dialog, TextField, type Look } from '../ui'
import { Refusal } from './Refusal'

type Props = {
  label: string
  /** What a screen reader says instead, where the label alone would not tell of what. */
  named?: string
  title: string
  text: ReactNode
  yes: string
  /** A word that must be typed first, for what can't be undone. */
  word?: { word: string; label: string }
  look?: Look
  children?: ReactNode
  /** For refusals that mean something particular here, by their code. */
  words?: Partial<Record<string, string>>
  run(): Promise<unknown>
}

/** A button that asks before it does something that is hard to take back. */
export function Confirm({ label, named, title, text, yes, word, look = 'plain', children, words, run }: Props) {
  const { t } = useSpeech()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [typed, setTyped] = useState('')
  const [failed, setFailed] = useState<unknown>(null)
  const close = () => {
    setAsking(false)
    setTyped('')
    setFailed(null)
  }
  const go = async () => {
    setBusy(true)
    setFailed(null)
    try {
      await run()
      close()
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  const ready = !word || typed.trim() === word.word
  return (
    <>
      <Button look={look} small={look === 'plain'} aria-label={named} onClick={() => setAsking(true)}>{label}</Button>
      <Dialog open={asking} title={title} onClose={close}>
        <form className="sheet__form" onSubmit={(event) => { event.preventDefault(); if (ready && !busy) void go() }}>
          <div>{text}</div>
          {children}
          {word && <TextField label={word.label} autoComplete="off" autoCapitalize="none" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />}
          <Refusal error={failed} words={words} />
          <div className="dialog__actions">
            <Button type="submit" look="ink" disabled={busy || !ready}>{yes}</Button>
            <Button disabled={busy} onClick={close}>{t.common.cancel}</Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
