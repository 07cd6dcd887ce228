import { Component, type ReactNode } from 'react'
import { Link } from 'wouter'
import { Problem } from '../api/client'
import { useSpeech } from '../i18n'
import { Button, Notice, buttonClass } from '../ui'

/** What a read that failed says, with the one thing to do about it. What is missing is the whole page, or a `part` of it. */
export function Trouble({ error, again, part = false }: { error: unknown; again?: () => void; part?: boolean }) {
  const { t, f } = useSpeech()
  if (!part && error instanceof Problem && error.status === 404) return <NothingHere />
  const needsStep = error instanceof Problem && error.code === 'mfa_required'
  return (
    <Notice kind="alarm">
      <p>{f.problem(error)}</p>
      {needsStep && <Link href="/account/security" className={buttonClass('lamp', true)}>{t.account.twoStep.begin}</Link>}
      {again && !needsStep && <Button small onClick={again}>{t.common.tryAgain}</Button>}
    </Notice>
  )
}

export function NothingHere() {
  const { t } = useSpeech()
  return (
    <div className="nothing">
      <h1 className="display nothing__title">{t.errors.notFound}</h1>
      <p className="prose">{t.errors.notFoundText}</p>
      <Link href="/" className={buttonClass('ink')}>{t.errors.home}</Link>
    </div>
  )
}

function Fallen() {
  const { t } = useSpeech()
  return (
    <div className="nothing page">
      <h1 className="display nothing__title">{t.errors.broken}</h1>
      <p className="prose">{t.errors.brokenText}</p>
      <Button look="ink" onClick={() => location.reload()}>{t.errors.reload}</Button>
    </div>
  )
}

/** Catches what a page throws while drawing itself, so that nobody looks at an empty window. */
export class Safety extends Component<{ children: ReactNode }, { fallen: boolean }> {
  override state = { fallen: false }
  static getDerivedStateFromError() { return { fallen: true } }
  override render() { return this.state.fallen ? <Fallen /> : this.props.children }
}
