import { Suspense, lazy, useEffect, useState } from 'react'
import { askBy, type Challenge } from '../api/challenge'

const ChallengeDialog = lazy(async () => ({ default: (await import('./ChallengeDialog')).ChallengeDialog }))

type Asked = { challenge: Challenge; end(token: string | null): void }

/** Stands ready to ask for a challenge. Until one is due, not even its dialog is loaded. */
export function Challenged() {
  const [line, setLine] = useState<readonly Asked[]>([])
  useEffect(() => askBy((challenge) => new Promise((resolve) => {
    const asked: Asked = {
      challenge,
      end: (token) => {
        setLine((now) => now.filter((one) => one !== asked))
        resolve(token)
      },
    }
    setLine((now) => [...now, asked])
  })), [])
  const first = line[0]
  if (!first) return null
  // One after the other: a token is good for one request.
  return <Suspense><ChallengeDialog key={line.length} challenge={first.challenge} onEnd={first.end} /></Suspense>
}
