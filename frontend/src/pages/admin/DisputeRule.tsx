import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Refusal } from '../../components/Refusal'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Notice, SelectField, Waiting } from '../../ui'
import { disputeRulesPath, type DisputeRules } from './money'

const CHOICES = [{ value: 'flag', label: 'They admit; the order is marked' }, { value: 'suspend', label: 'They admit nobody until the bank has decided' }] as const

/** What becomes of tickets whose payment the buyer’s bank has claimed back. */
export function DisputeRule({ organizer }: { organizer: string }) {
  const { t } = useSpeech()
  const client = useQueryClient()
  const queryKey = ['admin', 'dispute-rules', organizer]
  const kept = useQuery({ queryKey, queryFn: ({ signal }) => call<DisputeRules>('GET', disputeRulesPath(organizer), undefined, { signal }) })
  const [wish, setWish] = useState<DisputeRules['tickets'] | null>(null)
  const [state, setState] = useState<'idle' | 'busy' | 'kept'>('idle')
  const [failed, setFailed] = useState<unknown>(null)
  if (kept.isPending) return <Waiting label={t.common.loading} />
  if (kept.isError) return <Trouble part error={kept.error} again={() => void kept.refetch()} />
  const tickets = wish ?? kept.data.tickets
  const keep = async () => {
    setState('busy')
    setFailed(null)
    try {
      const set = await call<DisputeRules>('PUT', disputeRulesPath(organizer), { tickets }, { seen: kept.data.version })
      client.setQueryData(queryKey, set)
      setWish(null)
      setState('kept')
    } catch (error) {
      setFailed(error)
      setState('idle')
    }
  }
  return (
    <form className="sheet" onSubmit={(event) => { event.preventDefault(); if (state !== 'busy') void keep() }}>
      <SelectField label="Tickets while a dispute is open" value={tickets} choices={CHOICES} onChange={(event) => { setWish(event.target.value === 'suspend' ? 'suspend' : 'flag'); setState('idle') }} />
      <p className="soft small">For disputes that begin from now on. A lost one revokes the tickets; a won one has them admit again.</p>
      <Refusal error={failed} />
      {state === 'kept' && <Notice>Kept.</Notice>}
      <Button type="submit" look="ink" disabled={state === 'busy'}>Keep it</Button>
    </form>
  )
}
