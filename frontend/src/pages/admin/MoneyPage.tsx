import { useState } from 'react'
import { Ways } from '../../ui'
import { DisputeRule } from './DisputeRule'
import { HouseChoice } from './HouseChoice'
import { MoneyReports } from './MoneyReports'
import { MoneyWork } from './MoneyWork'
import { Office } from './Office'
import { Payouts } from './Payouts'
import '../forms.css'

type Room = 'work' | 'reports' | 'payouts' | 'disputes'

/** What happens to money after the sale. */
export function MoneyPage() {
  const [room, setRoom] = useState<Room>('work')
  return (
    <Office title="Money">
      <Ways label="What to look at" value={room} onChange={(next: Room) => setRoom(next)} ways={[{ value: 'work', label: 'To look at' }, { value: 'reports', label: 'Reports' }, { value: 'payouts', label: 'Payouts' }, { value: 'disputes', label: 'Disputes' }]} />
      {room === 'work' && <MoneyWork />}
      {room === 'reports' && <MoneyReports />}
      {room === 'payouts' && <HouseChoice>{(house) => <Payouts key={house} organizer={house} />}</HouseChoice>}
      {room === 'disputes' && <HouseChoice>{(house) => <DisputeRule key={house} organizer={house} />}</HouseChoice>}
    </Office>
  )
}
