// Another house to sign in by, for tests: a certified OpenID provider (npm's oidc-provider) on a free port of this machine. Whoever
// signs in there is who they say they are; their name decides what the house says of them:
//
//     ada                 ada@example.org, verified
//     unverified-ada      ada@example.org, not verified
//     nobody-ada          no address
//
// It prints `listening on http://127.0.0.1:PORT` and ends with its standard input.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const server = createServer()
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'aisle',
      client_secret: 'a secret between the two houses',
      redirect_uris: ['http://127.0.0.1/api/v1/auth/oauth/club/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    cookies: { keys: ['for tests'] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  })
  // The server under test is on a port that nobody knows beforehand.
  provider.Client.prototype.redirectUriAllowed = (uri) => /^http:\/\/(127\.0\.0\.1|localhost):\d+\/api\/v1\/auth\/oauth\/[a-z]+\/callback$/.test(uri)
  server.on('request', provider.callback())
  console.log(`listening on ${issuer}`)
})
process.stdin.resume().on('end', () => process.exit(0))

function claimsOf(id) {
  const name = id.replace(/^(unverified|nobody)-/, '')
  const known = { sub: id, name: `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}` }
  if (id.startsWith('nobody-')) return known
  return { ...known, email: `${name}@example.org`, email_verified: !id.startsWith('unverified-') }
}
