import { useSearchParams } from 'wouter'
import { useSpeech } from '../../i18n'
import { Notice } from '../../ui'

/** Why somebody came back from another house as who they were: a word in the address. */
export function OauthFailed() {
  const words = useSpeech().t.account.linked
  const [params] = useSearchParams()
  const error = params.get('error')
  return error?.startsWith('oauth_') ? <Notice kind="alarm">{words.errors[error] ?? words.failed}</Notice> : null
}
