import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { useSpeech } from '../../i18n'
import { Notice } from '../../ui'
import { eraseCustomer, type Later } from './people'

const WHY: Record<Later['why'], string> = { show_to_come: 'a show of theirs is still to come', books: 'the law keeps them in the books' }

/** Has the house forget a customer, after a confirmation; what must wait is said. */
export function EraseCustomer({ customer, name }: { customer: string; name: string }) {
  const { f } = useSpeech()
  const client = useQueryClient()
  const [atOnce, setAtOnce] = useState(false)
  const [later, setLater] = useState<Later[] | null>(null)
  const key = useRef(newKey())
  const run = async () => {
    setLater((await eraseCustomer(customer, atOnce, key.current)).later)
    await client.invalidateQueries({ queryKey: ['admin'] })
  }
  return (
    <>
      <Confirm
        label="Erase" named={`Erase the customer ${name}`} title="Erase the customer" yes="Erase"
        text={<p>Name, address and the mails to {name} are erased in all their orders here. Orders stay in the books, tickets stay good. This cannot be undone.</p>}
        words={{ order_under_way: 'A payment or a refund of theirs is under way. It is over in some minutes; try again then.', forbidden: 'Only who runs the house erases its customers.' }} run={run}
      >
        <label className="check"><input type="checkbox" checked={atOnce} onChange={(event) => { key.current = newKey(); setAtOnce(event.target.checked) }} />At once, also with a show to come</label>
        <p className="soft small">Without it, who has tickets for a show still to come is erased two days after it: until then you can tell them should it not take place.</p>
      </Confirm>
      {later?.map((one) => <Notice key={one.why}>Erased on {f.day(one.until)}: {WHY[one.why]}.</Notice>)}
    </>
  )
}
