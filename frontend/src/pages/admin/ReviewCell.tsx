import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, newKey } from '../../api/client'
import type { Order, Review, ReviewState } from '../../api/types'
import { Confirm } from '../../components/Confirm'
import { TextField } from '../../ui'
import { Moment } from './Paged'

const SAID: Record<ReviewState, string> = {
  flagged: 'Marked, and sold', wanted: 'Waits for a decision', accepted: 'Accepted', refused: 'Refused', lapsed: 'Nobody decided in time', withdrawn: 'The buyer gave it up', let_go: 'The bank let go of the amount',
}
type Decision = 'accept' | 'refuse'

/** What the rules found about an order, and, while it waits, the two things that can be done. */
export function ReviewCell({ order, review }: { order: Order; review: Review }) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  // One key for one wish: pressing again after a lost answer decides nothing twice.
  const keys = useRef<Partial<Record<Decision, string>>>({})
  const decide = (decision: Decision) => async () => {
    const key = (keys.current[decision] ??= newKey())
    try {
      await call('POST', `/admin/orders/${order.id}/review`, { decision, reason: reason.trim() }, { key })
    } finally {
      await client.invalidateQueries({ queryKey: ['admin'] })
    }
  }
  const why = <TextField label="Why (for the house alone)" maxLength={500} value={reason} onChange={(event) => { keys.current = {}; setReason(event.target.value) }} />
  const open = order.status === 'in_review' && review.state === 'wanted'
  return (
    <div className="review">
      <p><strong>{SAID[review.state]}</strong>{open && <>, until <Moment at={review.by} /></>}</p>
      <ul>{review.findings.map((finding) => <li key={`${finding.rule} ${finding.fact}`} className="soft small">{finding.text}</li>)}</ul>
      {review.reason && <p className="soft small">“{review.reason}”</p>}
      {open && (
        <div className="review__acts">
          <Confirm label="Accept" named={`Accept order ${order.number}`} title="Accept the order" text={<p>The money is taken now, and the tickets go out to {order.customer.email}.</p>} yes="Accept and sell" run={decide('accept')}>{why}</Confirm>
          <Confirm label="Refuse" named={`Refuse order ${order.number}`} title="Refuse the order" text={<p>Nothing is taken, the seats are free again, and the buyer is told. This cannot be undone.</p>} yes="Refuse" run={decide('refuse')}>{why}</Confirm>
        </div>
      )}
    </div>
  )
}
