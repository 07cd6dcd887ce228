import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useForm } from '../../components/useForm'
import { Button, Notice, SelectField, TextField, Waiting } from '../../ui'
import { ACTS, Moment, Table } from './Paged'
import '../forms.css'
import '../account/account.css'

export type Provider = 'stripe' | 'razorpay'
export type KeyTest = { outcome: 'works' | 'refused' | 'unanswered'; detail: string; at: string }
export type PaymentAccount = {
  id: string; provider: Provider; name: string; key_shown: string; live: boolean; has_webhook_secret: boolean; webhook_url: string
  methods: string[]; enabled: boolean; position: number; last_test: KeyTest | null; version: number
}

const PROVIDERS: readonly { value: Provider; label: string }[] = [{ value: 'stripe', label: 'Stripe' }, { value: 'razorpay', label: 'Razorpay' }]
/** What each has; the server has the last word. */
const METHODS: Record<Provider, readonly { value: string; label: string }[]> = {
  stripe: [{ value: 'card', label: 'Cards, Apple Pay, Google Pay' }, { value: 'paypal', label: 'PayPal' }, { value: 'upi', label: 'UPI (rupees)' }, { value: 'netbanking', label: 'Net banking (rupees)' }],
  razorpay: [{ value: 'card', label: 'Cards' }, { value: 'upi', label: 'UPI (rupees)' }, { value: 'netbanking', label: 'Net banking (rupees)' }, { value: 'wallet', label: 'Wallets (rupees)' }],
}
/** Which news each is to send. */
const EVENTS: Record<Provider, string> = {
  stripe: 'checkout.session.completed, checkout.session.async_payment_succeeded, checkout.session.async_payment_failed, checkout.session.expired, payment_intent.canceled, refund.created, refund.updated, refund.failed',
  razorpay: 'payment.authorized, payment.captured, order.paid, refund.created, refund.processed, refund.failed',
}
const OUTCOMES: Record<KeyTest['outcome'], string> = { works: 'The keys work.', refused: 'The keys are refused.', unanswered: 'No answer.' }
const nameOf = (provider: Provider) => PROVIDERS.find((one) => one.value === provider)?.label ?? provider

/** Where the money of a house is collected. */
export function PaymentAccounts({ organizer }: { organizer: string }) {
  const client = useQueryClient()
  const path = `/admin/organizers/${organizer}/payment-accounts`
  const accounts = useQuery({ queryKey: ['admin', 'payment-accounts', organizer], queryFn: async ({ signal }) => (await call<{ items: PaymentAccount[] }>('GET', path, undefined, { signal })).items })
  const again = () => client.invalidateQueries({ queryKey: ['admin', 'payment-accounts'] })
  if (accounts.isPending) return <Waiting label="One moment" />
  if (accounts.isError) return <Trouble part error={accounts.error} again={() => void accounts.refetch()} />
  return (
    <>
      {accounts.data.length === 0
        ? <Notice>No account yet: buyers are offered the test payment, which moves no money. Connect one to be paid.</Notice>
        : (
            <Table label="Payment accounts" heads={['Name', 'With', 'Key', 'Methods', 'Keys tested', ACTS]}>
              {accounts.data.map((one) => <Row key={one.id} path={path} account={one} again={again} />)}
            </Table>
          )}
      {accounts.data.filter((one) => !one.has_webhook_secret).map((one) => <WebhookSecret key={one.id} path={path} account={one} again={again} />)}
      <NewAccount path={path} again={again} />
    </>
  )
}

type RowProps = { path: string; account: PaymentAccount; again(): Promise<unknown> }

function Row({ path, account, again }: RowProps) {
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const own = `${path}/${account.id}`
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setFailed(null)
    try {
      await work()
      await again()
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  const test = account.last_test
  return (
    <tr>
      <td>{account.name}{!account.enabled && <><br /><span className="soft small">not offered</span></>}</td>
      <td>{nameOf(account.provider)}<br /><span className="soft small">{account.live ? 'real money' : 'for trying out'}</span></td>
      <td><code>{account.key_shown}</code></td>
      <td>{account.methods.join(', ')}</td>
      <td>{test ? <>{OUTCOMES[test.outcome]} <span className="soft small">{test.outcome !== 'works' && test.detail} <Moment at={test.at} /></span></> : 'never'}<Refusal error={failed} /></td>
      <td>
        <Button look="plain" small disabled={busy} aria-label={`Test the keys of ${account.name}`} onClick={() => void run(() => call('POST', `${own}/test`, {}))}>Test</Button>
        <Button look="plain" small disabled={busy} aria-label={`${account.enabled ? 'Stop offering' : 'Offer'} ${account.name}`} onClick={() => void run(() => call('PATCH', own, { enabled: !account.enabled }, { seen: account.version }))}>{account.enabled ? 'Stop offering' : 'Offer'}</Button>
        <Confirm label="Put away" named={`Put ${account.name} away`} title="Put the account away" text={<p>Nothing new is paid by “{account.name}”. What was paid by it can still be given back.</p>} yes="Put away" run={async () => { await call('DELETE', own); await again() }} />
      </td>
    </tr>
  )
}

/** The provider's own secret is known only once its webhook was made there, with our address. */
function WebhookSecret({ path, account, again }: RowProps) {
  const { field, busy, failed, submit, form } = useForm({ webhook_secret: '' }, async ({ webhook_secret }) => {
    await call('PATCH', `${path}/${account.id}`, { webhook_secret: webhook_secret.trim() }, { seen: account.version })
    await again()
  })
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>News of {account.name}</legend>
        <p>Without its news {nameOf(account.provider)} is asked about each payment, which takes a minute. Make a webhook there with this address:</p>
        <p><code>{account.webhook_url}</code></p>
        <p className="soft small">Events: {EVENTS[account.provider]}</p>
        <TextField label="Its signing secret" required autoComplete="off" spellCheck={false} {...field('webhook_secret')} />
        <Refusal error={failed} />
      </fieldset>
      <Button type="submit" look="ink" disabled={busy}>Keep the secret</Button>
    </form>
  )
}

function NewAccount({ path, again }: { path: string; again(): Promise<unknown> }) {
  const [provider, setProvider] = useState<Provider>('stripe')
  const [methods, setMethods] = useState<string[]>(['card'])
  const { set, field, busy, failed, submit, form } = useForm({ name: '', key_id: '', secret_key: '' }, async ({ name, key_id, secret_key }, key) => {
    const body = { provider, name: name.trim(), secret_key: secret_key.trim(), methods, ...(provider === 'razorpay' ? { key_id: key_id.trim() } : {}) }
    await call('POST', path, body, { key })
    set({ name: '', key_id: '', secret_key: '' })
    await again()
  })
  const choose = (next: Provider) => {
    setProvider(next)
    setMethods(['card'])
  }
  return (
    <form className="sheet" ref={form} onSubmit={submit}>
      <fieldset className="sheet__part">
        <legend>Connect an account</legend>
        <SelectField label="With" value={provider} choices={PROVIDERS} onChange={(event) => choose(event.target.value as Provider)} />
        <TextField label="Name" hint="For the house alone: “Our Stripe account”." required maxLength={100} {...field('name')} />
        {provider === 'razorpay' && <TextField label="Key id" hint="It begins with rzp_." required autoComplete="off" spellCheck={false} {...field('key_id')} />}
        <TextField label="Secret key" hint={provider === 'stripe' ? 'It begins with sk_ or rk_. Nobody is shown it again.' : 'It was shown once, when the key was made. Nobody is shown it again.'} type="password" required autoComplete="off" spellCheck={false} {...field('secret_key')} />
        <fieldset className="checks">
          <legend className="field__label">What buyers can pay with</legend>
          {METHODS[provider].map((one) => (
            <label key={one.value} className="check"><input type="checkbox" checked={methods.includes(one.value)} onChange={(event) => setMethods(event.target.checked ? [...methods, one.value] : methods.filter((other) => other !== one.value))} />{one.label}</label>
          ))}
        </fieldset>
        <Refusal error={failed} />
      </fieldset>
      <Button type="submit" look="ink" disabled={busy || methods.length === 0}>Connect</Button>
    </form>
  )
}
