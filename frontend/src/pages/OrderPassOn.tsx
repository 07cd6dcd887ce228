import { useState } from 'react'
import { call, newKey } from '../api/client'
import type { Order } from '../api/types'
import { Confirm } from '../components/Confirm'
import { useSpeech } from '../i18n'
import { TextField } from '../ui'

type Props = { order: Order; token: string | null; ticket: string; place: string; done(): void }

/** A ticket goes to somebody else: they get it by mail, and what was printed before no longer admits. */
export function PassOn({ order, token, ticket, place, done }: Props) {
  const { t } = useSpeech()
  const [to, setTo] = useState({ name: '', email: '', key: newKey() })
  // Another name is another wish, and has another key.
  const change = (part: { name?: string; email?: string }) => setTo((was) => ({ ...was, ...part, key: newKey() }))
  const run = async () => {
    await call('POST', `/orders/${order.id}/transfer`, { tickets: [ticket], to: { name: to.name.trim(), email: to.email.trim() } }, { key: to.key, ...(token ? { orderToken: token } : {}) })
    setTo({ name: '', email: '', key: newKey() })
    done()
  }
  return (
    <Confirm label={t.order.pass.go} named={`${t.order.pass.go}: ${place}`} title={t.order.pass.title} text={<p>{place}. {t.order.pass.text}</p>} yes={t.order.pass.yes} run={run}>
      <TextField label={t.order.pass.name} required maxLength={200} autoComplete="off" value={to.name} onChange={(event) => change({ name: event.target.value })} />
      <TextField label={t.order.pass.email} required type="email" maxLength={254} autoComplete="off" value={to.email} onChange={(event) => change({ email: event.target.value })} />
    </Confirm>
  )
}
