import { useState } from 'react'
import { useMe } from '../../components/session'
import { Ways } from '../../ui'
import { HouseChoice } from './HouseChoice'
import { Members } from './Members'
import { Office } from './Office'
import { Users } from './Users'

/** Who works for a house; and, for administrators, everybody with an account. */
export function PeoplePage() {
  const [room, setRoom] = useState<'members' | 'users'>('members')
  const admin = useMe().data?.role === 'admin'
  return (
    <Office title="People">
      {admin && <Ways label="Which people" value={room} onChange={(next: 'members' | 'users') => setRoom(next)} ways={[{ value: 'members', label: 'Members of a house' }, { value: 'users', label: 'Everybody' }]} />}
      {admin && room === 'users' ? <Users /> : <HouseChoice>{(organizer) => <Members key={organizer} organizer={organizer} />}</HouseChoice>}
    </Office>
  )
}
