import { useState } from 'react'

/** A poster says what the title beside it says: it needs no words of its own. Where it can't be had, its room stays. */
export function Poster({ url, eager = false }: { url: string; eager?: boolean }) {
  const [missing, setMissing] = useState(false)
  return (
    <span className={missing ? 'poster poster--missing' : 'poster'}>
      {!missing && <img src={url} alt="" width={400} height={600} loading={eager ? 'eager' : 'lazy'} decoding="async" onError={() => setMissing(true)} />}
    </span>
  )
}
