/**
 * The browser's authenticator speaks in bytes, the server in URL-safe base64. `PublicKeyCredential` can translate by itself in new browsers
 * only, so it is done here.
 */

type Json = Record<string, unknown>

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0))
}

export function textOf(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] => (Array.isArray(list) ? (list as (Json & { id: string })[]).map((one) => ({ ...one, type: 'public-key' as const, id: bytesOf(one.id) })) : [])

/** `{"publicKey": {…}}` of the server as what the browser takes, to make a passkey. */
export function creationOptions({ publicKey }: { publicKey: Json }): CredentialCreationOptions {
  const user = publicKey['user'] as Json & { id: string }
  return {
    publicKey: {
      ...publicKey, challenge: bytesOf(String(publicKey['challenge'])), user: { ...user, id: bytesOf(user.id) }, excludeCredentials: descriptors(publicKey['excludeCredentials']),
    } as unknown as PublicKeyCredentialCreationOptions,
  }
}

/** The same to use one. */
export function requestOptions({ publicKey }: { publicKey: Json }): CredentialRequestOptions {
  return { publicKey: { ...publicKey, challenge: bytesOf(String(publicKey['challenge'])), allowCredentials: descriptors(publicKey['allowCredentials']) } as unknown as PublicKeyCredentialRequestOptions }
}

/** What the authenticator answered, for the server. */
export function credentialJson(credential: PublicKeyCredential): Json {
  const { response } = credential
  const whole: Json = { id: credential.id, rawId: textOf(credential.rawId), type: credential.type, extensions: credential.getClientExtensionResults() }
  const said: Json = { clientDataJSON: textOf(response.clientDataJSON) }
  if ('attestationObject' in response) {
    const made = response as AuthenticatorAttestationResponse
    said['attestationObject'] = textOf(made.attestationObject)
    if (typeof made.getTransports === 'function') said['transports'] = made.getTransports()
  } else {
    const shown = response as AuthenticatorAssertionResponse
    said['authenticatorData'] = textOf(shown.authenticatorData)
    said['signature'] = textOf(shown.signature)
    said['userHandle'] = shown.userHandle ? textOf(shown.userHandle) : null
  }
  return { ...whole, response: said }
}

export const hasPasskeys = (): boolean => typeof PublicKeyCredential !== 'undefined' && typeof navigator.credentials?.create === 'function'

/** Why the browser did not do it, where it says so: stopped or too late; or the device has one already. */
export type Refused = 'stopped' | 'known'
export function refusedBy(error: unknown): Refused | null {
  const name = error instanceof Error || error instanceof DOMException ? error.name : ''
  if (name === 'InvalidStateError') return 'known'
  return ['NotAllowedError', 'AbortError', 'SecurityError', 'NotSupportedError', 'ConstraintError'].includes(name) ? 'stopped' : null
}

export async function makePasskey(options: { publicKey: Json }): Promise<Json> {
  return credentialJson((await navigator.credentials.create(creationOptions(options))) as PublicKeyCredential)
}

export async function showPasskey(options: { publicKey: Json }): Promise<Json> {
  return credentialJson((await navigator.credentials.get(requestOptions(options))) as PublicKeyCredential)
}
