import { useEffect, useState, type ReactNode } from 'react'
import { Problem } from '../api/client'
import { useSpeech } from '../i18n'
import { Notice } from '../ui'

/** What was refused, in words. Where the server named a time to wait, it is counted down; a screen reader hears it once. */
export function Refusal({ error, words }: { error: unknown; words?: Partial<Record<string, ReactNode>> }) {
  const { f } = useSpeech()
  if (error === null || error === undefined) return null
  const own = error instanceof Problem ? words?.[error.code] : undefined
  const wait = error instanceof Problem ? error.retryAfterMs : null
  if (wait === null) return <Notice kind="alarm">{own ?? f.problem(error)}</Notice>
  return <Notice kind="alarm"><Waited key={wait} error={error as Problem} waitMs={wait} own={own} /></Notice>
}

function Waited({ error, waitMs, own }: { error: Problem; waitMs: number; own: ReactNode }) {
  const { t, f } = useSpeech()
  const left = useSecondsLeft(error, waitMs)
  return (
    <p>
      {own ?? f.problemOnly(error)}{' '}
      <span aria-hidden="true">{left > 0 ? t.errors.retryIn(left) : t.errors.retryNow}</span>
      <span className="out-of-sight">{t.errors.retryIn(Math.ceil(waitMs / 1000))}</span>
    </p>
  )
}

/** Whole seconds until `waitMs` after `since` was first seen have gone by. */
export function useSecondsLeft(since: unknown, waitMs: number): number {
  const [left, setLeft] = useState(Math.ceil(waitMs / 1000))
  useEffect(() => {
    const end = performance.now() + waitMs
    const tell = () => setLeft(Math.max(0, Math.ceil((end - performance.now()) / 1000)))
    tell()
    const timer = setInterval(tell, 500)
    return () => clearInterval(timer)
  }, [since, waitMs])
  return left
}
