import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { call } from '../../api/client'
import type { Mail, MailFull, Page } from '../../api/types'
import { Trouble } from '../../components/Trouble'
import { useSpeech } from '../../i18n'
import { Button, ButtonLink, Waiting, Ways } from '../../ui'
import { Office } from './Office'

const STATUS: Record<Mail['status'], string> = { kept: 'kept here', sent: 'sent', failed: 'failed' }

/** The mails that were sent, or kept because no mail server is set up. */
export function MailboxPage({ id }: { id?: string }) {
  const { t, f } = useSpeech()
  const mails = useInfiniteQuery({
    queryKey: ['mailbox'],
    queryFn: ({ pageParam, signal }) => call<Page<Mail>>('GET', `/admin/mailbox?limit=50${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ''}`, undefined, { signal }),
    initialPageParam: null as string | null, getNextPageParam: (last) => last.next, refetchInterval: 5_000,
  })
  const items = mails.data?.pages.flatMap((page) => page.items) ?? []
  const open = id ?? items[0]?.id
  return (
    <Office title="Mailbox">
      {mails.isPending && <Waiting label={t.common.loading} />}
      {mails.isError && <Trouble error={mails.error} again={() => void mails.refetch()} />}
      {mails.isSuccess && items.length === 0 && <p className="soft">No mail yet. Buy a ticket, and it arrives here.</p>}
      {items.length > 0 && (
        <div className="mails">
          <div>
            <ul>
              {items.map((mail) => (
                <li key={mail.id}>
                  <Link href={`/admin/mailbox/${mail.id}`} className="mails__one" aria-current={mail.id === open ? 'true' : undefined}>
                    <span className="mails__subject">{mail.subject}</span>
                    <span>{mail.to}</span><br />
                    <span className="soft">{f.day(mail.created_at)}, {f.time(mail.created_at)} · {STATUS[mail.status]}{mail.attachments.length > 0 && ` · ${mail.attachments.length} attached`}</span>
                  </Link>
                </li>
              ))}
            </ul>
            {mails.hasNextPage && <Button small onClick={() => void mails.fetchNextPage()}>{t.home.more}</Button>}
          </div>
          {open && <OneMail key={open} id={open} />}
        </div>
      )}
    </Office>
  )
}

function OneMail({ id }: { id: string }) {
  const { t } = useSpeech()
  const [way, setWay] = useState<'html' | 'text'>('html')
  const mail = useQuery({ queryKey: ['mail', id], queryFn: ({ signal }) => call<MailFull>('GET', `/admin/mailbox/${id}`, undefined, { signal }) })
  if (mail.isError) return <Trouble error={mail.error} again={() => void mail.refetch()} />
  if (!mail.data) return <Waiting label={t.common.loading} />
  const { subject, to, html, text, attachments } = mail.data
  const shown = html && (way === 'html' || !text) ? 'html' : 'text'
  return (
    <article className="mail">
      <header>
        <h2 className="mail__subject">{subject}</h2>
        <p className="soft small">{to}</p>
      </header>
      {attachments.length > 0 && (
        <ul className="mail__files">
          {attachments.map((file) => <li key={file.name}><ButtonLink small href={file.url} download={file.name}>{file.name}, {Math.ceil(file.bytes / 1024)} kB</ButtonLink></li>)}
        </ul>
      )}
      {html && text && <Ways label="How to read it" value={way} onChange={(next: 'html' | 'text') => setWay(next)} ways={[{ value: 'html', label: 'As designed' }, { value: 'text', label: 'Plain text' }]} />}
      {/* A mail is somebody's text: no scripts, no forms, no way out of its frame but a new window. */}
      {shown === 'html' ? <iframe className="mail__html" title={subject} sandbox="allow-popups allow-popups-to-escape-sandbox" src={`/api/v1/admin/mailbox/${id}/html`} /> : <MailText text={text ?? ''} />}
    </article>
  )
}

/** Plain text with its addresses made clickable, so that a link in a mail can be followed here too. */
function MailText({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/g)
  return <pre className="mail__text">{parts.map((part, no) => (no % 2 === 1 ? <a key={no} href={part} target="_blank" rel="noreferrer">{part}</a> : part))}</pre>
}
