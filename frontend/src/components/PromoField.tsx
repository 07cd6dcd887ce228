import type { Quote } from '../api/types'
import { useSpeech } from '../i18n'
import { CodeField } from './CodeField'

type Props<Said> = { used: string | null; said: Said; busy: boolean; onUse(code: string | null): void }

/** A field for a promo code. */
export function PromoField({ said, ...props }: Props<Quote['promo']>) {
  const { t } = useSpeech()
  const { promo, promoGo, promoOff, promoOn, promoWhy } = t.checkout
  const why = said?.reason && (promoWhy[said.reason] ?? said.detail)
  return <CodeField {...props} name="promo" words={{ label: promo, go: promoGo, off: promoOff }} said={said && { ...said, why }} on={promoOn(said?.code.toUpperCase() ?? '')} />
}

/** A field for a gift voucher: says what it pays, and what would be left on it. */
export function VoucherField({ said, ...props }: Props<Quote['voucher']>) {
  const { t, f } = useSpeech()
  const { voucher, voucherGo, voucherOff, voucherOn, voucherWhy } = t.checkout
  const why = said?.reason && (voucherWhy[said.reason] ?? said.detail)
  const on = said?.left ? voucherOn(f.money(said.pays), f.money(said.left)) : ''
  return <CodeField {...props} name="voucher" words={{ label: voucher, go: voucherGo, off: voucherOff }} said={said && { ...said, why }} on={on} />
}
