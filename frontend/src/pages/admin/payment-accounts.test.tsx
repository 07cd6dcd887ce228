import { screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it, vi } from 'vitest'
import { draw, expectAccessible, house } from '../../test-house'
import { PaymentAccounts, type PaymentAccount } from './PaymentAccounts'

const PATH = '/admin/organizers/h/payment-accounts'
const account: PaymentAccount = {
  id: 'a', provider: 'stripe', name: 'Ours', key_shown: 'sk_test_…4242', live: false, has_webhook_secret: false, webhook_url: 'https://box.example.org/api/v1/webhooks/stripe/a',
  methods: ['card', 'paypal'], enabled: true, position: 0, last_test: null, version: 3,
}

afterEach(() => vi.unstubAllGlobals())

it('says what an empty list means, and connects an account with the keys of its provider', async () => {
  const { sent, answers } = house({ [`GET ${PATH}`]: [200, { items: [] }] })
  draw(<main><PaymentAccounts organizer="h" /></main>)
  await screen.findByText(/No account yet/)
  await userEvent.selectOptions(screen.getByLabelText('With'), 'razorpay')
  await userEvent.type(screen.getByLabelText('Name'), 'Ours')
  await userEvent.type(screen.getByLabelText('Key id'), 'rzp_test_abcdefgh')
  await userEvent.type(screen.getByLabelText('Secret key'), 'geheimgeheim')
  await userEvent.click(screen.getByLabelText('UPI (rupees)'))
  answers[`POST ${PATH}`] = [422, { code: 'validation_failed', status: 422, errors: [{ field: 'secret_key', message: 'is the key id' }] }]
  await userEvent.click(screen.getByRole('button', { name: 'Connect' }))
  await screen.findByText('is the key id')
  answers[`POST ${PATH}`] = [201, account]
  await userEvent.click(screen.getByRole('button', { name: 'Connect' }))
  await waitFor(() => expect((screen.getByLabelText('Secret key') as HTMLInputElement).value).toBe(''))
  expect(sent(`POST ${PATH}`)[1]?.body).toEqual({ provider: 'razorpay', name: 'Ours', key_id: 'rzp_test_abcdefgh', secret_key: 'geheimgeheim', methods: ['card', 'upi'] })
  expect(sent(`POST ${PATH}`).every((one) => one.key !== null)).toBe(true)
})

it('tests the keys, says what came of it, and asks for the secret of the news', async () => {
  const { sent, answers } = house({ [`GET ${PATH}`]: [200, { items: [account] }] })
  draw(<main><PaymentAccounts organizer="h" /></main>)
  await screen.findByText('sk_test_…4242')
  screen.getByText('for trying out')
  screen.getByText(account.webhook_url)
  await expectAccessible()
  answers[`POST ${PATH}/a/test`] = [200, {}]
  answers[`GET ${PATH}`] = [200, { items: [{ ...account, last_test: { outcome: 'refused', detail: 'the provider does not take the key of this account', at: '2030-05-04T17:00:00Z' } }] }]
  await userEvent.click(screen.getByRole('button', { name: 'Test the keys of Ours' }))
  await screen.findByText(/The keys are refused/)
  screen.getByText(/does not take the key/)
  answers[`PATCH ${PATH}/a`] = [200, account]
  answers[`GET ${PATH}`] = [200, { items: [{ ...account, has_webhook_secret: true }] }]
  await userEvent.type(screen.getByLabelText('Its signing secret'), 'whsec_abcdefgh')
  await userEvent.click(screen.getByRole('button', { name: 'Keep the secret' }))
  await waitFor(() => expect(screen.queryByLabelText('Its signing secret')).toBeNull())
  expect(sent(`PATCH ${PATH}/a`)[0]?.body).toEqual({ webhook_secret: 'whsec_abcdefgh' })
})
