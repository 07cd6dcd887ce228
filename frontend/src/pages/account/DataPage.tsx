import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { deleteMe, exportMe, rememberSignedIn, type Later } from '../../api/account'
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
  const { t, f } = useSpeech()
  const words = t.account.data
  const [deleted, setDeleted] = useState<Later[] | null>(null)
  if (deleted) {
    return (
      <Shell title={words.deleted}>
        <div className="page"><div className="sheet"><FocusedTitle>{words.deleted}</FocusedTitle><p className="prose">{words.deletedText}</p>{deleted.map((one) => <p key={`${one.organizer_id} ${one.why}`} className="soft">{words.later[one.why]?.(f.longDay(one.until))}</p>)}</div></div>
      </Shell>
    )
  }
  return (
    <AccountFrame title={words.title}>
      {(user) => (
        <>
          <Part id="export" title={words.export} hint={words.exportText}><Export /></Part>
          <Part id="delete" title={words.delete}><Delete user={user} onDone={setDeleted} /></Part>
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

function Delete({ user, onDone }: { user: User; onDone(later: Later[]): void }) {
  const { t } = useSpeech()
  const words = t.account.data
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const key = useRef(newKey())
  const run = async () => {
    const answer = await deleteMe(password ? { password } : {}, key.current)
    rememberSignedIn(false)
    onDone(answer?.later ?? [])
    client.clear()
  }
  return (
    <>
      <p className="prose">{words.deleteText}</p>
      {isStaff(user) && <p className="soft">{words.deleteStaff}</p>}
      <Confirm label={words.deleteGo} look="line" title={words.delete} text={<p>{words.deleteText}</p>} yes={words.deleteYes} word={{ word: user.email, label: words.type(user.email) }} words={{ forbidden: t.account.profile.wrongPassword }} run={run}>
        <TextField label={t.account.confirmPassword} type="password" autoComplete="current-password" value={password} onChange={(event) => { key.current = newKey(); setPassword(event.target.value) }} />
      </Confirm>
    </>
  )
}
