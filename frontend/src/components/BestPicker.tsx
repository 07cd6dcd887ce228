import { useState } from 'react'
import type { BestAvailable } from '../api/types'
import { useSpeech } from '../i18n'
import type { Band } from '../map/palette'
import type { Plan } from '../map/plan'
import { Button, SelectField, Stepper } from '../ui'

type Props = { plan: Plan; bands: readonly Band[]; max: number; busy: boolean; onFind(best: BestAvailable): void }

/** Lets the house choose: the nearest seats side by side, held at once. */
export function BestPicker({ plan, bands, max, busy, onFind }: Props) {
  const { t, f } = useSpeech()
  const [quantity, setQuantity] = useState(2)
  const [level, setLevel] = useState('')
  const [section, setSection] = useState('')
  const [accessible, setAccessible] = useState(false)
  const sections = plan.sections.filter((one) => one.end > one.first)
  const seated = bands.filter((band) => plan.category.includes(plan.categories.indexOf(band.category)))
  const anyAccessible = plan.accessible.includes(1)
  return (
    <form
      className="best"
      onSubmit={(event) => {
        event.preventDefault()
        onFind({ quantity, ...(level ? { price_level: level } : {}), ...(section ? { section } : {}), ...(accessible ? { accessible: 1 } : {}) })
      }}
    >
      <div className="best__count"><span className="field__label">{t.best.quantity}</span><Stepper value={quantity} min={1} max={max} label={t.best.quantity} less={t.show.less} more={t.show.moreOf} onChange={setQuantity} /></div>
      <SelectField
        label={t.best.level} value={level} onChange={(event) => setLevel(event.target.value)}
        choices={[{ value: '', label: t.best.anyLevel }, ...seated.map((band) => ({ value: band.key, label: `${band.letter}  ${band.name}, ${f.money({ amount: band.price, currency: band.currency })}` }))]}
      />
      {sections.length > 1 && (
        <SelectField label={t.best.section} value={section} onChange={(event) => setSection(event.target.value)} choices={[{ value: '', label: t.best.anySection }, ...sections.map((one) => ({ value: one.id, label: one.name || one.id }))]} />
      )}
      {anyAccessible && <label className="check"><input type="checkbox" checked={accessible} onChange={(event) => setAccessible(event.target.checked)} /> {t.best.accessible}</label>}
      <Button type="submit" look="lamp" wide disabled={busy}>{busy ? t.basket.working : t.best.go(quantity)}</Button>
      <p className="soft small">{t.best.hint}</p>
    </form>
  )
}
