import type { Line, Money } from '../api/types'
import { useSpeech } from '../i18n'
import './bill.css'

type Props = { lines: readonly Line[]; total: Money; title: string; totalLabel: string; waiting?: boolean }

/** What it costs, line by line; the total is what is charged. */
export function Bill({ lines, total, title, totalLabel, waiting = false }: Props) {
  const { t, f } = useSpeech()
  return (
    <section className="bill-sheet" aria-label={title} aria-busy={waiting}>
      <h2 className="bill-sheet__title">{title}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line.id} className="bill-sheet__line">
            <span>
              {line.quantity > 1 && `${line.quantity} × `}{line.label}
              {line.seat && line.number && !line.label.includes(line.number) && <span className="soft bill-sheet__place">{t.show.seat(line.section ?? '', line.row ?? '', line.number ?? '')}</span>}
            </span>
            <span>{f.money(line.amount)}</span>
          </li>
        ))}
      </ul>
      <p className="bill-sheet__total"><span>{totalLabel}</span><strong className="display">{f.money(total)}</strong></p>
    </section>
  )
}
