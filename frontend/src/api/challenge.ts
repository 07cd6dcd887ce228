/** Challenges: who is asked to pass one, and how their providers' scripts are loaded. Nothing of them is loaded before that. */

export type Challenge = { provider: 'turnstile' | 'hcaptcha'; site_key: string }

/** Has somebody pass a challenge: its token, or null where they would not. */
type Asker = (challenge: Challenge) => Promise<string | null>
let asker: Asker | null = null

/** The page that asks people; the returned function takes it away again. */
export function askBy(ask: Asker): () => void {
  asker = ask
  return () => { if (asker === ask) asker = null }
}

export async function pass(challenge: Challenge): Promise<string | null> {
  return asker ? await asker(challenge) : null
}

export function isChallenge(value: unknown): value is Challenge {
  return typeof value === 'object' && value !== null && 'provider' in value && Object.hasOwn(PROVIDERS, String(value.provider)) && 'site_key' in value && typeof value.site_key === 'string'
}

type Shown = string | number
type Widget = {
  render(box: HTMLElement, options: Record<string, unknown>): Shown | undefined
  remove(shown: Shown): void
}

const PROVIDERS = {
  turnstile: { script: 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit', name: 'turnstile', language: 'language' },
  hcaptcha: { script: 'https://js.hcaptcha.com/1/api.js?render=explicit&recaptchacompat=off', name: 'hcaptcha', language: 'hl' },
} as const

const loading = new Map<string, Promise<Widget>>()

function widget(provider: Challenge['provider']): Promise<Widget> {
  const { script, name } = PROVIDERS[provider]
  const found = () => (window as unknown as Record<string, Widget | undefined>)[name]
  const known = found()
  if (known) return Promise.resolve(known)
  const begun = loading.get(script)
  if (begun) return begun
  const promise = new Promise<Widget>((resolve, reject) => {
    const element = document.createElement('script')
    element.src = script
    element.async = true
    element.onload = () => {
      const loaded = found()
      if (loaded) resolve(loaded)
      else reject(new Error(`${name} is not there`))
    }
    element.onerror = () => reject(new Error(`${script} could not be loaded`))
    document.head.append(element)
  })
  loading.set(script, promise)
  // The next one may try again.
  promise.catch(() => loading.delete(script))
  return promise
}

/** Shows a challenge in `box`; the returned function takes it away. `failed` may be called more than once. */
export async function show(challenge: Challenge, box: HTMLElement, language: string, passed: (token: string) => void, failed: () => void): Promise<() => void> {
  const loaded = await widget(challenge.provider)
  const shown = loaded.render(box, { sitekey: challenge.site_key, callback: passed, 'error-callback': failed, [PROVIDERS[challenge.provider].language]: language })
  return () => { if (shown !== undefined) loaded.remove(shown) }
}
