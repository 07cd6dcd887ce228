import { useState } from 'react'
import { Button, Notice, TextField } from '../ui'

export type CodeWords = { label: string; go: string; off: string }
type Said = { code: string; applies: boolean; why?: string | undefined }
type Props = { name: string; words: CodeWords; used: string | null; said: Said | undefined; on: string; busy: boolean; onUse(code: string | null): void }

/** A field for a code: what is typed is asked for, what is refused says why and changes nothing. */
export function CodeField({ name, words, used, said, on, busy, onUse }: Props) {
  const [typed, setTyped] = useState('')
  const code = typed.trim()
  const answered = used !== null && said?.code === used ? said : undefined
  if (answered?.applies) {
    return (
      <div className="checkout__promo">
        <Notice kind="lamp">{on}</Notice>
        <Button type="button" small onClick={() => { setTyped(''); onUse(null) }}>{words.off}</Button>
      </div>
    )
  }
  // As long as it is the one that was asked for: who types another is not told of this one.
  const why = code === used ? answered?.why : undefined
  return (
    <div className="checkout__promo">
      <TextField
        label={words.label} name={name} autoComplete="off" autoCapitalize="characters" maxLength={80} value={typed} error={why}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          // Not yet the order.
          event.preventDefault()
          if (code) onUse(code)
        }}
      />
      <Button type="button" small disabled={busy || code === ''} onClick={() => onUse(code)}>{words.go}</Button>
    </div>
  )
}
