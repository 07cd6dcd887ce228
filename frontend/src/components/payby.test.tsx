import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import type { PaymentMethod } from '../api/types'
import { draw } from '../test-house'
import { PayBy, wayNamed } from './PayBy'

const way = (provider: string, method: string): PaymentMethod => ({ provider, method, kind: 'paid_at_once' })

it('offers the ways by name, and by provider where two have the same', async () => {
  const methods = [way('stripe', 'card'), way('stripe', 'paypal'), way('razorpay', 'upi')]
  const chosen: string[] = []
  const { unmount } = draw(<PayBy methods={methods} chosen={methods[0]} onChoose={(one) => chosen.push(one)} />)
  expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual(['Card, Apple Pay or Google Pay', 'PayPal', 'UPI'])
  await userEvent.selectOptions(screen.getByLabelText('Pay with'), 'UPI')
  expect(chosen).toEqual(['razorpay/upi'])
  unmount()
  const twice = [way('stripe', 'upi'), way('razorpay', 'upi')]
  draw(<PayBy methods={twice} chosen={twice[1]} onChoose={() => {}} />)
  expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual(['UPI (Stripe)', 'UPI (Razorpay)'])
})

it('has nothing to choose of one way, and says so where there is none', () => {
  const only = way('sandbox', 'card')
  const { container } = draw(<PayBy methods={[only]} chosen={only} onChoose={() => {}} />)
  expect(container.textContent).toBe('')
  draw(<PayBy methods={[]} chosen={undefined} onChoose={() => {}} />)
  expect(screen.getByRole('alert').textContent).toMatch(/Nothing can be paid here just now/)
})

it('falls back to the usual way where the chosen one is gone', () => {
  const methods = [way('stripe', 'card'), way('stripe', 'paypal')]
  expect(wayNamed(methods, 'stripe/paypal')).toBe(methods[1])
  expect(wayNamed(methods, 'razorpay/upi')).toBe(methods[0])
  expect(wayNamed([], 'stripe/card')).toBeUndefined()
})
