import { useState, type ReactNode } from 'react'
import { useSpeech } from '../i18n'
import { Button } from '../ui'

/** Gives a text to the browser's downloads. */
export function saveAs(name: string, text: string, type = 'text/plain'): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  URL.revokeObjectURL(address)
}

/** What is told once and never again: with a way to copy it, and one to keep it. */
export function ShownOnce({ text, file, children }: { text: string; file?: string; children?: ReactNode }) {
  const words = useSpeech().t.account
  const [said, setSaid] = useState('')
  const copy = () => {
    navigator.clipboard.writeText(text).then(() => setSaid(words.copied), () => setSaid(words.notCopied))
  }
  return (
    <>
      {children ?? <code className="secret">{text}</code>}
      <div className="secret__acts">
        <Button small onClick={copy}>{words.copy}</Button>
        {file && <Button small onClick={() => saveAs(file, `${text}\n`)}>{words.download}</Button>}
      </div>
      <p className="small" role="status">{said}</p>
    </>
  )
}
