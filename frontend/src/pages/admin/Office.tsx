/** The frame of the back office: who is signed in, where one can go. Its words are for staff, in English. */
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { Shell } from '../../components/Shell'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Waiting } from '../../ui'
import { isStranger, useDoor, useMe } from '../../components/session'
import './office.css'

const ROOMS = [
  { path: '/admin', name: 'Shows' },
  { path: '/admin/orders', name: 'Orders' },
  { path: '/admin/money', name: 'Money' },
  { path: '/admin/house', name: 'The house' },
  { path: '/admin/prices', name: 'Prices' },
  { path: '/admin/people', name: 'People' },
  { path: '/admin/machines', name: 'Machines' },
  { path: '/admin/records', name: 'Records' },
  { path: '/admin/mailbox', name: 'Mailbox' },
] as const

export function Office({ title, children }: { title: string; children: ReactNode }) {
  const { t } = useSpeech()
  const [place] = useLocation()
  const me = useMe()
  const unknown = isStranger(me.error)
  useDoor(unknown)
  return (
    <Shell title={title}>
      <div className="page office">
        <div className="office__bar">
          <nav aria-label={t.nav.backOffice} className="office__rooms">
            {ROOMS.map((room) => <Link key={room.path} href={room.path} className="office__room" aria-current={place === room.path ? 'page' : undefined}>{room.name}</Link>)}
          </nav>
        </div>
        {me.isPending && <Waiting label={t.common.loading} />}
        {me.isError && !unknown && <Trouble error={me.error} again={() => void me.refetch()} />}
        {me.data && <><h1 className="display office__title">{title}</h1>{children}</>}
      </div>
    </Shell>
  )
}
