import { expect, it } from 'vitest'
import { bytesOf, creationOptions, credentialJson, refusedBy, requestOptions, textOf } from './webauthn'

const buffer = (...bytes: number[]) => Uint8Array.from(bytes).buffer

it('goes from bytes to text and back, whatever the bytes', () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 89 + length * 7) % 256)
    const text = textOf(bytes.buffer)
    expect(text).toMatch(/^[A-Za-z0-9_-]*$/)
    expect([...bytesOf(text)]).toEqual([...bytes])
  }
  expect(textOf(buffer(255, 254))).toBe('__4')
})

it('gives the browser bytes where it wants bytes, and leaves the rest', () => {
  const { publicKey } = creationOptions({ publicKey: { challenge: '__4', rp: { id: 'localhost', name: 'House' }, user: { id: 'AAE', name: 'ada', displayName: 'Ada' }, excludeCredentials: [{ type: 'public-key', id: 'Ag' }], timeout: 60000 } })
  expect([...new Uint8Array(publicKey?.challenge as ArrayBuffer)]).toEqual([255, 254])
  expect([...new Uint8Array(publicKey?.user.id as ArrayBuffer)]).toEqual([0, 1])
  expect(publicKey).toMatchObject({ rp: { id: 'localhost' }, timeout: 60000, user: { displayName: 'Ada' } })
  expect([...new Uint8Array(publicKey?.excludeCredentials?.[0]?.id as ArrayBuffer)]).toEqual([2])
  const asked = requestOptions({ publicKey: { challenge: 'AA', userVerification: 'required' } }).publicKey
  expect(asked).toMatchObject({ userVerification: 'required', allowCredentials: [] })
})

it('writes down what the authenticator said', () => {
  const common = { id: 'AQ', rawId: buffer(1), type: 'public-key', getClientExtensionResults: () => ({}) }
  const made = credentialJson({ ...common, response: { clientDataJSON: buffer(2), attestationObject: buffer(3), getTransports: () => ['internal'] } } as unknown as PublicKeyCredential)
  expect(made).toEqual({ id: 'AQ', rawId: 'AQ', type: 'public-key', extensions: {}, response: { clientDataJSON: 'Ag', attestationObject: 'Aw', transports: ['internal'] } })
  const shown = credentialJson({ ...common, response: { clientDataJSON: buffer(2), authenticatorData: buffer(4), signature: buffer(5), userHandle: null } } as unknown as PublicKeyCredential)
  expect(shown['response']).toEqual({ clientDataJSON: 'Ag', authenticatorData: 'BA', signature: 'BQ', userHandle: null })
})

it('knows a person who stopped from a fault', () => {
  expect(refusedBy(new DOMException('no', 'NotAllowedError'))).toBe('stopped')
  expect(refusedBy(new DOMException('there', 'InvalidStateError'))).toBe('known')
  expect(refusedBy(new TypeError('x'))).toBeNull()
})
