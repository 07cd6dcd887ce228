import type { Line, Money, Quote } from '../api/types'
import { useSpeech } from '../i18n'
import { billRows, taxWithin } from './bill'
import './bill.css'

type Props = { lines: readonly Line[]; total: Money; title: string; totalLabel: string; waiting?: boolean; taxes?: Quote['taxes'] }

/** What it costs, line by line; the total is what is charged. */
export function Bill({ lines, total, title, totalLabel, waiting = false, taxes }: Props) {
  const { t, f } = useSpeech()
  const within = taxWithin(lines, total.currency)
  const named = taxes?.filter((tax) => tax.included) ?? []
  return (
    <section className="bill-sheet" aria-label={title} aria-busy={waiting}>
      <h2 className="bill-sheet__title">{title}</h2>
      <ul>
        {billRows(lines).map(({ key, line, quantity, amount }) => (
          <li key={key} className="bill-sheet__line">
            <span>
              {quantity > 1 && `${quantity} × `}{line.label}
              {line.seat && line.number && !line.label.includes(line.number) && <span className="soft bill-sheet__place">{t.show.seat(line.section ?? '', line.row ?? '', line.number ?? '')}</span>}
              {line.price_list && <span className="soft bill-sheet__place">{line.price_list}</span>}
            </span>
            <span>{f.money(amount)}</span>
          </li>
        ))}
      </ul>
      <p className="bill-sheet__total"><span>{totalLabel}</span><strong className="display">{f.money(total)}</strong></p>
      {named.length > 0
        ? named.map((tax) => <p key={`${tax.name} ${tax.rate_bp}`} className="soft small">{t.checkout.taxOf(f.money(tax.amount), `${tax.name} ${f.number(tax.rate_bp / 100)} %`)}</p>)
        : within.amount !== 0 && <p className="soft small">{t.checkout.taxIn(f.money(within))}</p>}
    </section>
  )
}
