import { Link } from 'wouter'
import { claimOrder } from '../api/account'
import { call, newKey } from '../api/client'
import type { Order } from '../api/types'
import { Confirm } from '../components/Confirm'
import { FocusedTitle } from '../components/FocusedTitle'
import { Refusal } from '../components/Refusal'
import { Shell } from '../components/Shell'
import { useMeIfAny } from '../components/session'
import { useForm } from '../components/useForm'
import { useSpeech } from '../i18n'
import { Button, Notice, buttonClass } from '../ui'

type Props = { order: Order; token: string | null; again(): void; onEnded(email: string, stays: boolean): void }

/** What one may do so that an order is not lost, and so that nobody else has it. */
export function Keeping({ order, token, again, onEnded }: Props) {
  const { t } = useSpeech()
  const words = t.order.wrongHands
  const { email } = order.customer
  const stays = order.yours || token === null
  const end = async () => {
    await call('POST', `/orders/${order.id}/revoke-links`, undefined, { key: newKey(), ...(token ? { orderToken: token } : {}) })
    onEnded(email, stays)
    if (stays) again()
  }
  return (
    <section className="order__keeping" aria-labelledby="keeping">
      <h2 id="keeping" className="order__h">{t.order.keep.title}</h2>
      <Kept order={order} token={token} again={again} />
      <div><Confirm label={words.go} title={words.title} text={<p>{email ? words.text(email) : words.textStaff}</p>} yes={words.yes} run={end} /></div>
    </section>
  )
}

function Kept({ order, token, again }: Pick<Props, 'order' | 'token' | 'again'>) {
  const words = useSpeech().t.order.keep
  const me = useMeIfAny().data
  const { busy, failed, submit } = useForm({}, async (_, key) => {
    await claimOrder(order.id, token ?? '', key)
    again()
  })
  if (order.yours) return <p>{words.kept} <Link href="/account/orders">{words.toMine}</Link></p>
  if (me) {
    // Who came without the link has come as somebody who works here.
    if (token === null) return null
    return (
      <form className="order__keep" onSubmit={submit}>
        <Refusal error={failed} />
        <Button type="submit" look="line" disabled={busy}>{words.mine}</Button>
      </form>
    )
  }
  return (
    <div className="order__keep">
      <p className="soft">{words.guest}</p>
      <p className="order__acts">
        <Link href={`/register#${encodeURIComponent(order.customer.email)}`} className={buttonClass('line')}>{words.make}</Link>
        <Link href={`/login?next=${encodeURIComponent(`/orders/${order.id}`)}`} className={buttonClass('plain')}>{words.have}</Link>
      </p>
    </div>
  )
}

/** After its links were ended there is nothing to be seen here but where the next one is. */
export function LinksEnded({ email }: { email: string }) {
  const { t } = useSpeech()
  const words = t.order.wrongHands
  return (
    <Shell title={words.done}>
      <div className="page">
        <div className="sheet">
          <FocusedTitle>{words.done}</FocusedTitle>
          <Notice kind="lamp">{words.doneText(email)}</Notice>
          <p><Link href="/find-order">{t.nav.findOrder}</Link></p>
        </div>
      </div>
    </Shell>
  )
}
