import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import type { User } from '../../api/types'
import { Shell } from '../../components/Shell'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Waiting } from '../../ui'
import { isStranger, useDoor, useMe } from '../../components/session'
import '../forms.css'
import './account.css'

/** The frame of one's own pages: who is not signed in is asked to, and comes back. */
export function AccountFrame({ title, children }: { title: string; children(user: User): ReactNode }) {
  const { t } = useSpeech()
  const words = t.account.menu
  const [place] = useLocation()
  const me = useMe()
  const stranger = isStranger(me.error)
  useDoor(stranger)
  const rooms = [{ path: '/account', name: words.account }, { path: '/account/orders', name: words.orders }, { path: '/account/security', name: words.security }, { path: '/account/data', name: words.data }]
  return (
    <Shell title={title}>
      <div className="page account">
        <nav aria-label={t.account.rooms} className="account__rooms">
          {rooms.map((room) => <Link key={room.path} href={room.path} className="account__room" aria-current={place === room.path ? 'page' : undefined}>{room.name}</Link>)}
        </nav>
        <h1 className="display account__title">{title}</h1>
        {me.isPending && <Waiting label={t.common.loading} />}
        {me.isError && !stranger && <Trouble error={me.error} again={() => void me.refetch()} />}
        {me.data && !stranger && children(me.data)}
      </div>
    </Shell>
  )
}

/** One part of such a page, under a rule of ink. */
export function Part({ id, title, hint, children }: { id: string; title: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <section className="part" aria-labelledby={id}>
      <div className="part__head">
        <h2 id={id} className="part__title">{title}</h2>
        {hint && <p className="soft">{hint}</p>}
      </div>
      <div className="part__body">{children}</div>
    </section>
  )
}
