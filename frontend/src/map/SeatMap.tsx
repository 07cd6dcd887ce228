/** The map as React sees it: a box, two canvases and three buttons. Seats change without a render. */
import { useEffect, useRef, useState } from 'react'
import { useSpeech } from '../i18n'
import type { SeatStore } from '../live/seats'
import type { Mark } from './draw-marks'
import { SeatMapEngine, type Hover } from './engine'
import type { Plan } from './plan'
import './seatmap.css'

type Props = {
  plan: Plan
  store: SeatStore
  colors: readonly string[]
  lit: ReadonlySet<number> | null
  marks: ReadonlyMap<number, Mark>
  /** Seats to bring into sight; a new array moves the map. */
  focus?: readonly number[] | undefined
  describe(place: number): string
  onPick(place: number): void
  onPickArea(area: string): void
}

const PADDING = { top: 24, right: 24, bottom: 24, left: 24 }

export function SeatMap({ plan, store, colors, lit, marks, focus, describe, onPick, onPickArea }: Props) {
  const { t } = useSpeech()
  const host = useRef<HTMLDivElement>(null)
  const under = useRef<HTMLCanvasElement>(null)
  const over = useRef<HTMLCanvasElement>(null)
  const engine = useRef<SeatMapEngine | null>(null)
  const [hover, setHover] = useState<Hover>(null)
  const events = useRef({ onPick, onPickArea })
  useEffect(() => { events.current = { onPick, onPickArea } })

  useEffect(() => {
    if (!host.current || !under.current || !over.current) return
    const made = new SeatMapEngine(host.current, under.current, over.current, plan, store, {
      onPick: (place) => events.current.onPick(place),
      onPickArea: (area) => events.current.onPickArea(area),
      onHover: setHover,
    }, () => PADDING)
    engine.current = made
    return () => {
      made.destroy()
      engine.current = null
    }
  }, [plan, store])

  useEffect(() => {
    engine.current?.look({ colors, lit, marks, words: { left: t.show.left } })
  }, [plan, store, colors, lit, marks, t])

  useEffect(() => {
    if (focus) engine.current?.show(focus)
  }, [focus])

  return (
    <div className="seatmap">
      {/* The picture is for eyes and fingers; the list beside it says the same in words. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- an application answers keys: arrows move, + and - zoom */}
      <div ref={host} className="seatmap__host" role="application" aria-label={t.show.mapLabel} tabIndex={0}>
        <canvas ref={under} className="seatmap__layer" aria-hidden="true" />
        <canvas ref={over} className="seatmap__layer" aria-hidden="true" />
      </div>
      {hover && <div className="seatmap__tip" style={{ left: hover.at.x, top: hover.at.y }} aria-hidden="true">{describe(hover.place)}</div>}
      <div className="seatmap__zoom">
        <button type="button" className="seatmap__button" aria-label={t.show.nearer} onClick={() => engine.current?.nearer()}>+</button>
        <button type="button" className="seatmap__button" aria-label={t.show.further} onClick={() => engine.current?.further()}>−</button>
        <button type="button" className="seatmap__button" aria-label={t.show.whole} onClick={() => engine.current?.whole()}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M1 6V1h5M10 1h5v5M15 10v5h-5M6 15H1v-5" fill="none" stroke="currentColor" strokeWidth="2" /></svg>
        </button>
      </div>
    </div>
  )
}
