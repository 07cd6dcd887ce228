import { useEffect, useRef, type ReactNode } from 'react'

/** The title of a page that took another's place: it gets the focus, so that who doesn't see the change hears it. */
export function FocusedTitle({ children, className = 'display sheet__title' }: { children: ReactNode; className?: string }) {
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => ref.current?.focus(), [])
  return <h1 ref={ref} tabIndex={-1} className={className}>{children}</h1>
}
