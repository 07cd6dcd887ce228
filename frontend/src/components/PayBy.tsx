import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client'
import type { PaymentMethod } from '../api/types'
import { useSpeech } from '../i18n'
import { Notice, SelectField } from '../ui'

/** How tickets of a show can be paid for, the usual way first. */
export const usePaymentMethods = (show: string | undefined) =>
  useQuery({
    queryKey: ['payment-methods', show], enabled: show !== undefined, staleTime: 30_000,
    queryFn: async ({ signal }) => (await call<{ items: PaymentMethod[] }>('GET', `/shows/${show ?? ''}/payment-methods`, undefined, { signal })).items,
  })

/** One word for a way to pay, as a choice has it. */
export const wayOf = ({ provider, method }: PaymentMethod): string => `${provider}/${method}`

/** The way with this word; the usual one where there is none such any more. */
export const wayNamed = (methods: readonly PaymentMethod[], way: string | undefined): PaymentMethod | undefined =>
  methods.find((one) => wayOf(one) === way) ?? methods[0]

type Props = { methods: readonly PaymentMethod[]; chosen: PaymentMethod | undefined; onChoose(way: string): void }

/** The choice among several ways to pay. Of one there is nothing to choose, and of none the house is told of. */
export function PayBy({ methods, chosen, onChoose }: Props) {
  const { t } = useSpeech()
  if (!chosen) return <Notice kind="alarm">{t.checkout.noWay}</Notice>
  if (methods.length === 1) return null
  const label = (one: PaymentMethod) => {
    const name = t.checkout.ways[wayOf(one)] ?? t.checkout.ways[one.method] ?? one.method
    const twice = methods.filter((other) => other.method === one.method).length > 1
    return twice ? `${name} (${t.checkout.providers[one.provider] ?? one.provider})` : name
  }
  return <SelectField label={t.checkout.provider} value={wayOf(chosen)} choices={methods.map((one) => ({ value: wayOf(one), label: label(one) }))} onChange={(event) => onChoose(event.target.value)} />
}
