import type { Quote } from '../api/types'
import type { Giving } from '../hold/giving'
import { useSpeech } from '../i18n'
import { Button, Notice } from '../ui'

type Props = { giving: Giving; said: Quote['exchange']; busy: boolean; onLeaveOut(): void }

/** Says at the checkout which tickets are given for what is ordered, and what becomes of their worth. */
export function GivenTickets({ giving, said, busy, onLeaveOut }: Props) {
  const { t, f } = useSpeech()
  const { given, worth, back, kept, leaveOut } = t.checkout.exchange
  return (
    <Notice kind="plain">
      <span>
        {given(giving.tickets.length, giving.number)}
        {said && <> {worth(f.money(said.worth))}{said.kept.amount > 0 && <> {kept(f.money(said.kept))}</>}{said.back.amount > 0 && <> {back(f.money(said.back))}</>}</>}
      </span>
      <Button small look="plain" disabled={busy} onClick={onLeaveOut}>{leaveOut}</Button>
    </Notice>
  )
}
