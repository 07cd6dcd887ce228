/** The pieces every page is made of. They know nothing of shows, seats or money. */
import { useEffect, useId, useRef, useState, type AnchorHTMLAttributes, type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react'
import './ui.css'

export type Look = 'lamp' | 'ink' | 'line' | 'plain'
const classes = (...names: (string | false | undefined)[]) => names.filter(Boolean).join(' ')
export const buttonClass = (look: Look = 'line', small = false, wide = false) => classes('button', `button--${look}`, small && 'button--small', wide && 'button--wide')

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; small?: boolean; wide?: boolean }
export function Button({ look, small, wide, className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={classes(buttonClass(look, small, wide), className)} {...rest} />
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { look?: Look; small?: boolean; wide?: boolean }
/** A link out of the app (a file, another window); inside it the router's own link takes `buttonClass`. */
export function ButtonLink({ look, small, wide, className, children, ...rest }: LinkProps) {
  return <a className={classes(buttonClass(look, small, wide), className)} {...rest}>{children}</a>
}

type FieldProps = { label: string; hint?: string | undefined; error?: string | undefined }
export function TextField({ label, hint, error, ...rest }: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  const told = error ?? hint
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>{label}</label>
      <input id={id} className="input" aria-invalid={error ? true : undefined} aria-describedby={told ? `${id}-told` : undefined} {...rest} />
      {told && <span id={`${id}-told`} className={error ? 'field__error' : 'field__hint'}>{told}</span>}
    </div>
  )
}

export type Choice = { value: string; label: string }
export function SelectField({ label, hint, error, choices, ...rest }: FieldProps & { choices: readonly Choice[] } & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId()
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>{label}</label>
      <select id={id} className="input" {...rest}>
        {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </select>
      {(error ?? hint) && <span className={error ? 'field__error' : 'field__hint'}>{error ?? hint}</span>}
    </div>
  )
}

type NoticeProps = { kind?: 'plain' | 'alarm' | 'lamp'; children: ReactNode }
/** Said at once to screen readers: politely, or, where something failed, without waiting. */
export function Notice({ kind = 'plain', children }: NoticeProps) {
  return <div className={`notice notice--${kind}`} role={kind === 'alarm' ? 'alert' : 'status'}>{children}</div>
}

type StepperProps = { value: number; min?: number; max: number; label: string; less: string; more: string; disabled?: boolean; onChange(value: number): void }
export function Stepper({ value, min = 0, max, label, less, more, disabled = false, onChange }: StepperProps) {
  return (
    <div className="stepper" role="group" aria-label={label}>
      <button type="button" className="stepper__button" aria-label={`${less}: ${label}`} disabled={disabled || value <= min} onClick={() => onChange(value - 1)}>−</button>
      <output className="stepper__value">{value}</output>
      <button type="button" className="stepper__button" aria-label={`${more}: ${label}`} disabled={disabled || value >= max} onClick={() => onChange(value + 1)}>+</button>
    </div>
  )
}

type WaysProps<T extends string> = { label: string; ways: readonly { value: T; label: string }[]; value: T; onChange(value: T): void }
export function Ways<T extends string>({ label, ways, value, onChange }: WaysProps<T>) {
  return (
    <div className="ways" role="group" aria-label={label}>
      {ways.map((way) => (
        <button key={way.value} type="button" className="ways__way" aria-pressed={way.value === value} onClick={() => onChange(way.value)}>{way.label}</button>
      ))}
    </div>
  )
}

export function Waiting({ label }: { label: string }) {
  return (
    <div className="waiting" role="status">
      <span className="waiting__seat" /><span className="waiting__seat" /><span className="waiting__seat" /><span className="waiting__seat" />
      <span className="out-of-sight">{label}</span>
    </div>
  )
}

type DialogProps = { open: boolean; title: string; children: ReactNode; onClose(): void }
export function Dialog({ open, title, children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (open && !dialog.open) dialog.showModal()
    if (!open && dialog.open) dialog.close()
  }, [open])
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id} className="display dialog__title">{title}</h2>
      {open && children}
    </dialog>
  )
}

type MenuProps = { label: string; note?: string; at: string; children: ReactNode }
/** A button that shows some links below it. It closes by Escape, by a press elsewhere, by leaving it, and when `at` changes. */
export function Menu({ label, note, at, children }: MenuProps) {
  const [open, setOpen] = useState(false)
  const [was, setWas] = useState(at)
  const ref = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  if (was !== at) {
    setWas(at)
    setOpen(false)
  }
  useEffect(() => {
    if (!open) return
    const away = (event: Event) => { if (!(event.target instanceof Node && ref.current?.contains(event.target))) setOpen(false) }
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', away)
    document.addEventListener('focusin', away)
    document.addEventListener('keydown', escape)
    return () => {
      document.removeEventListener('pointerdown', away)
      document.removeEventListener('focusin', away)
      document.removeEventListener('keydown', escape)
    }
  }, [open])
  return (
    <div className="menu" ref={ref}>
      <button ref={button} type="button" className="menu__button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>{label}</button>
      <div id={id} className="menu__sheet" hidden={!open}>
        {note && <p className="menu__note">{note}</p>}
        {children}
      </div>
    </div>
  )
}
