import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, Waiting } from '../../ui'
import { readPage } from './people'

type Props<T> = { path: string; empty: string; every?: number; children(items: T[]): ReactNode }

/** A list of the server's, page by page: waiting, failed, empty, or what `children` make of it. */
export function Paged<T>({ path, empty, every, children }: Props<T>) {
  const { t } = useSpeech()
  const list = useInfiniteQuery({
    queryKey: ['admin', path], queryFn: ({ pageParam, signal }) => readPage<T>(path, pageParam, signal), initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next ?? null, ...(every ? { refetchInterval: every } : {}),
  })
  if (list.isPending) return <Waiting label={t.common.loading} />
  if (list.isError) return <Trouble part error={list.error} again={() => void list.refetch()} />
  const items = list.data.pages.flatMap((page) => page.items)
  if (items.length === 0) return <p className="soft">{empty}</p>
  return (
    <>
      {children(items)}
      {list.hasNextPage && <p><Button small disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t.home.more}</Button></p>}
    </>
  )
}

/** The head of a column of buttons: said, not shown. */
export const ACTS = 'What can be done'

/** A table that scrolls in its own box where it is too wide for the window. */
export function Table({ label, heads, children }: { label: string; heads: readonly string[]; children: ReactNode }) {
  return (
    // A box that scrolls must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-box" role="region" aria-label={label} tabIndex={0}>
      <table className="table">
        <thead><tr>{heads.map((head) => <th key={head} scope="col">{head === ACTS ? <span className="out-of-sight">{head}</span> : head}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** A moment as staff read it. */
export function Moment({ at, none = 'never' }: { at: string | null | undefined; none?: string }) {
  const { f } = useSpeech()
  return at ? <time dateTime={at}>{f.day(at)}, {f.time(at)}</time> : <>{none}</>
}
