import { useState } from 'react'
import { useSite } from '../../api/queries'
import { Ways } from '../../ui'
import { HouseChoice } from './HouseChoice'
import { Office } from './Office'
import { PriceRulesForm } from './PriceRulesForm'
import { PromoCodes } from './PromoCodes'
import { TimedPricesRoom } from './TimedPrices'
import { Vouchers } from './Vouchers'
import '../forms.css'

type Room = 'promo' | 'vouchers' | 'rules' | 'timed'

/** What is added to prices and taken off them, and what pays them. */
export function PricesPage() {
  const [room, setRoom] = useState<Room>('promo')
  const currency = useSite().data?.currency ?? 'EUR'
  return (
    <Office title="Prices">
      <Ways label="What to look at" value={room} onChange={(next: Room) => setRoom(next)} ways={[{ value: 'promo', label: 'Promo codes' }, { value: 'vouchers', label: 'Gift vouchers' }, { value: 'rules', label: 'Fees and taxes' }, { value: 'timed', label: 'Timed prices' }]} />
      <HouseChoice>
        {(organizer) => (room === 'promo' ? <PromoCodes key={organizer} organizer={organizer} currency={currency} />
          : room === 'vouchers' ? <Vouchers key={organizer} organizer={organizer} currency={currency} />
          : room === 'rules' ? <PriceRulesForm key={organizer} organizer={organizer} currency={currency} />
            : <TimedPricesRoom key={organizer} organizer={organizer} />)}
      </HouseChoice>
    </Office>
  )
}
