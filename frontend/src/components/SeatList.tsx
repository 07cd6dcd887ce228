/** The seats of the map in words: sections open into rows, arrow keys go from seat to seat. */
import { useRef, useState, type KeyboardEvent } from 'react'
import { useSpeech } from '../i18n'
import { AVAILABLE, type SeatStore } from '../live/seats'
import { useSeatVersion } from '../live/useLive'
import type { Plan, Section } from '../map/plan'
import { bandAt, seatWords, type Pricing } from './describe'
import './seatlist.css'

type Props = {
  plan: Plan
  store: SeatStore
  prices: Pricing
  chosen: ReadonlySet<string>
  yours: ReadonlySet<string>
  onPick(place: number): void
  onFocus(place: number): void
}

export function SeatList(props: Props) {
  const { t } = useSpeech()
  const { plan, store } = props
  const version = useSeatVersion(store)
  const sections = plan.sections.filter((section) => section.end > section.first)
  const [open, setOpen] = useState<string | null>(sections.length === 1 ? (sections[0]?.id ?? null) : null)
  if (sections.length === 0) return <p className="soft small">{t.show.noSections}</p>
  return (
    <div className="seatlist">
      <p className="soft small seatlist__hint">{t.show.listHint}</p>
      <ul>
        {sections.map((section) => (
          <li key={section.id} className="seatlist__section">
            <h3>
              <button type="button" className="seatlist__open" aria-expanded={open === section.id} onClick={() => setOpen(open === section.id ? null : section.id)}>
                <span>{section.name || section.id}</span>
                <span className="soft">{version > 0 ? t.show.left(free(store, section)) : ''}</span>
              </button>
            </h3>
            {open === section.id && <Rows {...props} section={section} />}
          </li>
        ))}
      </ul>
    </div>
  )
}

function free(store: SeatStore, section: Section): number {
  let count = 0
  for (let place = section.first; place < section.end; place++) if (store.code(place) === AVAILABLE) count++
  return count
}

function Rows({ plan, store, prices, chosen, yours, section, onPick, onFocus }: Props & { section: Section }) {
  const { t, f } = useSpeech()
  const box = useRef<HTMLDivElement>(null)
  // One seat of the section is in the tab order, the one that had the focus last; arrows do the rest.
  const [stop, setStop] = useState(() => firstFree(store, section))
  const rows = plan.rows.slice(section.firstRow, section.endRow)
  const go = (place: number) => {
    setStop(place)
    box.current?.querySelector<HTMLButtonElement>(`[data-place="${place}"]`)?.focus()
  }
  const onKey = (event: KeyboardEvent) => {
    const target = destination(plan, section, stop, event.key)
    if (target === null) return
    event.preventDefault()
    go(target)
  }
  return (
    <div ref={box} className="seatlist__rows" role="grid" tabIndex={-1} aria-label={section.name || section.id} onKeyDown={onKey}>
      {rows.map((row) => (
        <div key={row.first} role="row" className="seatlist__row">
          <span role="rowheader" className="seatlist__label">{row.label}</span>
          <div className="seatlist__seats" role="presentation">
            {Array.from({ length: row.end - row.first }, (_, at) => {
              const place = row.first + at
              const guid = plan.guid[place] ?? ''
              const code = store.code(place)
              const own = yours.has(guid) ? 'yours' : chosen.has(guid) ? 'chosen' : null
              const choosable = own !== null || code === AVAILABLE
              return (
                <button
                  key={guid} type="button" role="gridcell" data-place={place} data-state={own ?? code} tabIndex={place === stop ? 0 : -1}
                  className={`seatlist__seat${plan.accessible[place] ? ' seatlist__seat--square' : ''}`} aria-selected={own !== null} aria-disabled={!choosable}
                  style={choosable && !own ? { borderColor: bandAt(plan, place, prices)?.color } : undefined}
                  aria-label={seatWords(plan, place, code, own, prices, t, f).join(', ')}
                  onFocus={() => { setStop(place); onFocus(place) }} onClick={() => { if (choosable) onPick(place) }}
                >
                  {plan.number[place]}
                </button>
              )
            })}
          </div>
        </div>
      ))}
    </div>
  )
}

function firstFree(store: SeatStore, section: Section): number {
  for (let place = section.first; place < section.end; place++) if (store.code(place) === AVAILABLE) return place
  return section.first
}

/** Where a key leads from a seat; null where it leads nowhere. Up and down keep the seat's distance from the row's middle. */
export function destination(plan: Plan, section: Section, place: number, key: string): number | null {
  const rowNo = plan.row[place] ?? section.firstRow
  const row = plan.rows[rowNo]
  if (!row) return null
  switch (key) {
    case 'ArrowLeft': return place > row.first ? place - 1 : null
    case 'ArrowRight': return place < row.end - 1 ? place + 1 : null
    case 'Home': return row.first
    case 'End': return row.end - 1
    case 'ArrowUp':
    case 'ArrowDown': {
      const next = plan.rows[rowNo + (key === 'ArrowUp' ? -1 : 1)]
      if (!next || next.section !== row.section || next.end === next.first) return null
      const fromMiddle = place - (row.first + row.end - 1) / 2
      const target = Math.round((next.first + next.end - 1) / 2 + fromMiddle)
      return Math.min(next.end - 1, Math.max(next.first, target))
    }
    default: return null
  }
}
