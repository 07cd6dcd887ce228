import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, TextField, Waiting, Ways } from '../../ui'
import { ACTS, Moment, Table } from './Paged'
import { WORK_NAMES, closeWork, workPath, type WorkItem, type WorkList } from './money'

type Which = 'open' | 'done'
const EMPTY: Record<Which, string> = { open: 'Nothing waits.', done: 'Nothing was closed that is still as it was.' }

/** What somebody must look at. It goes away by itself once its cause has; or somebody says what they did. */
export function MoneyWork() {
  const { t, f } = useSpeech()
  const [which, setWhich] = useState<Which>('open')
  const list = useInfiniteQuery({
    queryKey: ['admin', 'money-work', which],
    queryFn: ({ pageParam, signal }) => call<WorkList>('GET', workPath(which === 'done', pageParam), undefined, { signal }),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next, refetchInterval: 30_000,
  })
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  const waiting = list.data?.pages[0]?.counts.filter((one) => one.count > 0) ?? []
  return (
    <>
      <Ways label="Which of them" value={which} onChange={(next: Which) => setWhich(next)} ways={[{ value: 'open', label: 'Waiting' }, { value: 'done', label: 'Closed' }]} />
      {list.isPending && <Waiting label={t.common.loading} />}
      {list.isError && <Trouble part error={list.error} again={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <p className="soft">{EMPTY[which]}</p>}
      {waiting.length > 0 && <p>{waiting.map((one) => `${WORK_NAMES[one.kind]}: ${one.count}`).join(' · ')}</p>}
      {items.length > 0 && (
        <Table label="What to look at" heads={['What', 'Order', 'Amount', 'Since', 'What to do', ACTS]}>
          {items.map((item) => (
            <tr key={item.id}>
              <td><strong>{WORK_NAMES[item.kind]}</strong><br /><span className="soft small">{item.meaning}</span></td>
              <td>{item.order?.number ?? <span className="soft">none</span>}{item.provider && <><br /><span className="soft">{item.provider}</span></>}{item.detail && <><br /><span className="soft small">{item.detail}</span></>}</td>
              <td className="number">{item.amount && f.money(item.amount)}</td>
              <td><Moment at={item.since} /></td>
              <td className="small">{item.closed ? <>“{item.closed.note}”<br /><span className="soft">{item.closed.by ?? 'Somebody'}, <Moment at={item.closed.at} /></span></> : item.to_do}</td>
              <td>{!item.closed && <Close item={item} />}</td>
            </tr>
          ))}
        </Table>
      )}
      {list.hasNextPage && <p><Button small disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t.home.more}</Button></p>}
    </>
  )
}

function Close({ item }: { item: WorkItem }) {
  const client = useQueryClient()
  const [note, setNote] = useState('')
  // One key for one note: pressing again after a lost answer closes nothing twice.
  const key = useRef<string | null>(null)
  const run = async () => {
    key.current ??= newKey()
    await closeWork(item.id, note.trim(), key.current)
    await client.invalidateQueries({ queryKey: ['admin'] })
  }
  const about = `${WORK_NAMES[item.kind]}${item.order ? `, order ${item.order.number}` : ''}`
  return (
    <Confirm label="Close" named={`Close: ${about}`} title={about} text={<p>{item.to_do}</p>} yes="Close it" run={run}>
      <TextField label="What was done" required maxLength={500} value={note} onChange={(event) => { key.current = null; setNote(event.target.value) }} />
    </Confirm>
  )
}
