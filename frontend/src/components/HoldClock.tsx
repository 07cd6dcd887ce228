import type { Hold } from '../api/types'
import { canExtend, clock, isEnding, type Lease } from '../hold/lease'
import { useLeft } from '../hold/useBasket'
import { useSpeech } from '../i18n'
import { Button } from '../ui'
import './holdclock.css'

type Props = { hold: Hold; lease: Lease; busy: boolean; onExtend(): void }

/** How long the seats are still theirs; near the end it asks whether to keep them longer. */
export function HoldClock({ hold, lease, busy, onExtend }: Props) {
  const { t } = useSpeech()
  const left = useLeft(lease)
  const ending = isEnding(lease, performance.now())
  const stands = lease.standsAt !== undefined
  // In a pause the house gives no more time, and none goes by.
  const more = !stands && canExtend(hold)
  return (
    <div className={ending ? 'holdclock holdclock--ending' : 'holdclock'}>
      <p className="holdclock__time" role="timer">{stands ? t.basket.stands(clock(left)) : t.basket.yoursFor(clock(left))}</p>
      {/* Said once by a screen reader when the end comes near, not every second. */}
      <p className="holdclock__ask" role="status">{ending && (more ? t.basket.ending : t.basket.noMore)}</p>
      {more && <Button small look={ending ? 'ink' : 'plain'} disabled={busy} onClick={onExtend}>{t.basket.keep}</Button>}
    </div>
  )
}
