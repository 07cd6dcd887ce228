import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { deleteMe, exportMe, rememberSignedIn } from '../../api/account'
import { newKey } from '../../api/client'
import { Confirm } from '../../components/Confirm'
import { FocusedTitle } from '../../components/FocusedTitle'
import { Refusal } from '../../components/Refusal'
import { Shell } from '../../components/Shell'
import { saveAs } from '../../components/ShownOnce'
import { useForm } from '../../components/useForm'
import { isStaff } from '../../components/session'
import { useSpeech } from '../../i18n'
import { Button, Notice, TextField } from '../../ui'
import type { User } from '../../api/types'
import { AccountFrame, Part } from './AccountFrame'

/** What is kept of one, to take along; and the end of the account. */
export function DataPage() {
  const words = useSpeech().t.account.data
  const [deleted, setDeleted] = useState(false)
  if (deleted) {
    return (
      <Shell title={words.deleted}>
        <div className="page"><div className="sheet"><FocusedTitle>{words.deleted}</FocusedTitle><p className="prose">{words.deletedText}</p></div></div>
      </Shell>
    )
  }
  return (
    <AccountFrame title={words.title}>
      {(user) => (
        <>
          <Part id="export" title={words.export} hint={words.exportText}><Export /></Part>
          <Part id="delete" title={words.delete}><Delete user={user} onDone={() => setDeleted(true)} /></Part>
        </>
      )}
    </AccountFrame>
  )
}

function Export() {
  const words = useSpeech().t.account.data
  const [done, setDone] = useState(false)
  const { busy, failed, submit } = useForm({}, async () => {
    setDone(false)
    saveAs('my-data.json', JSON.stringify(await exportMe(), null, 2), 'application/json')
    setDone(true)
  })
  return (
    <form className="sheet__form" onSubmit={submit}>
      <Refusal error={failed} />
      {done && <Notice>{words.exportDone}</Notice>}
      <Button type="submit" disabled={busy}>{words.exportGo}</Button>
    </form>
  )
}

function Delete({ user, onDone }: { user: User; onDone(): void }) {
  const { t } = useSpeech()
  const words = t.account.data
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const key = useRef(newKey())
  const run = async () => {
    await deleteMe({ password }, key.current)
    rememberSignedIn(false)
    onDone()
    client.clear()
  }
  return (
    <>
      <p className="prose">{words.deleteText}</p>
      {isStaff(user) && <p className="soft">{words.deleteStaff}</p>}
      <Confirm label={words.deleteGo} look="line" title={words.delete} text={<p>{words.deleteText}</p>} yes={words.deleteYes} word={{ word: user.email, label: words.type(user.email) }} run={run}>
        <TextField label={t.account.confirmPassword} type="password" autoComplete="current-password" value={password} onChange={(event) => { key.current = newKey(); setPassword(event.target.value) }} />
      </Confirm>
    </>
  )
}
