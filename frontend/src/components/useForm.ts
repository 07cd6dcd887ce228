import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react'
import { Problem, isUncertain, newKey } from '../api/client'

type Values = Record<string, string>

/** What the server says of one field, under its own name or as the last part of a path. */
export const fieldProblem = (error: unknown, field: string): string | undefined =>
  error instanceof Problem ? error.errors.find((one) => one.field === field || one.field.endsWith(`.${field}`))?.message : undefined

/**
 * The fields of a form, and sending them. One key for one wish: it is kept while nobody knows whether the last press arrived,
 * so that pressing again does nothing twice. After a refusal the first field it is about gets the focus.
 */
export function useForm<V extends Values>(initial: V, send: (values: V, key: string) => Promise<unknown>) {
  const [values, setValues] = useState(initial)
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<unknown>(null)
  const form = useRef<HTMLFormElement>(null)
  const key = useRef<string | null>(null)
  useEffect(() => {
    if (failed !== null) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [failed])
  const set = useCallback((part: Partial<V>) => {
    key.current = null
    setValues((before) => ({ ...before, ...part }))
  }, [])
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    if (busy) return
    setBusy(true)
    setFailed(null)
    key.current ??= newKey()
    send(values, key.current).then(
      () => { key.current = null },
      (error: unknown) => {
        if (!isUncertain(error)) key.current = null
        setFailed(error)
      },
    ).finally(() => setBusy(false))
  }
  const field = (name: keyof V & string) => ({
    value: values[name] as string, error: fieldProblem(failed, name),
    onChange: (event: { target: { value: string } }) => set({ [name]: event.target.value } as Partial<V>),
  })
  return { values, set, field, busy, failed, submit, form }
}
