import { useState } from 'react'
import { useSite } from '../../api/queries'
import { Notice, Ways } from '../../ui'
import { FraudRules } from './FraudRules'
import { HouseChoice } from './HouseChoice'
import { Office } from './Office'
import { PaymentAccounts } from './PaymentAccounts'
import { PlanForm, ProductionForm, VenueForm } from './PlaceForms'
import { ShowForm } from './ShowForm'
import { useOrganizers } from './api'
import '../forms.css'

type Room = 'show' | 'production' | 'plan' | 'venue' | 'money' | 'fraud'

/** Where the house is built: venues, seat plans, productions, and shows of them. */
export function HousePage() {
  const [room, setRoom] = useState<Room>('show')
  const organizers = useOrganizers()
  const currency = useSite().data?.currency ?? 'EUR'
  const organizer = organizers.data?.[0]?.id
  return (
    <Office title="The house">
      <Ways label="What to add or set" value={room} onChange={(next: Room) => setRoom(next)} ways={[{ value: 'show', label: 'Show' }, { value: 'production', label: 'Production' }, { value: 'plan', label: 'Seat plan' }, { value: 'venue', label: 'Venue' }, { value: 'money', label: 'Payments' }, { value: 'fraud', label: 'Held orders' }]} />
      {organizers.isSuccess && !organizer && <Notice kind="alarm">This house has no organizer yet. Set it up first.</Notice>}
      {organizer && room === 'show' && <ShowForm currency={currency} />}
      {organizer && room === 'production' && <ProductionForm organizer={organizer} />}
      {organizer && room === 'plan' && <PlanForm organizer={organizer} />}
      {organizer && room === 'venue' && <VenueForm organizer={organizer} />}
      {organizer && room === 'money' && <HouseChoice>{(house) => <PaymentAccounts key={house} organizer={house} />}</HouseChoice>}
      {organizer && room === 'fraud' && <HouseChoice>{(house) => <FraudRules key={house} organizer={house} />}</HouseChoice>}
    </Office>
  )
}
