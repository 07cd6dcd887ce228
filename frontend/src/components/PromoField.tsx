import { useState } from 'react'
import type { Quote } from '../api/types'
import { useSpeech } from '../i18n'
import { Button, Notice, TextField } from '../ui'

type Props = { used: string | null; said: Quote['promo']; busy: boolean; onUse(code: string | null): void }

/** A field for a promo code: what is typed is asked for, what is refused says why and takes nothing off. */
export function PromoField({ used, said, busy, onUse }: Props) {
  const { t } = useSpeech()
  const [typed, setTyped] = useState('')
  const code = typed.trim()
  const answered = used !== null && said?.code === used ? said : undefined
  if (answered?.applies) {
    return (
      <div className="checkout__promo">
        <Notice kind="lamp">{t.checkout.promoOn(answered.code.toUpperCase())}</Notice>
        <Button type="button" small onClick={() => { setTyped(''); onUse(null) }}>{t.checkout.promoOff}</Button>
      </div>
    )
  }
  // As long as it is the one that was asked for: who types another is not told of this one.
  const why = answered?.reason && code === used ? (t.checkout.promoWhy[answered.reason] ?? answered.detail) : undefined
  return (
    <div className="checkout__promo">
      <TextField
        label={t.checkout.promo} name="promo" autoComplete="off" autoCapitalize="characters" maxLength={80} value={typed} error={why}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          // Not yet the order.
          event.preventDefault()
          if (code) onUse(code)
        }}
      />
      <Button type="button" small disabled={busy || code === ''} onClick={() => onUse(code)}>{t.checkout.promoGo}</Button>
    </div>
  )
}
