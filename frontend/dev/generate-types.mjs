// Writes src/api/schema.gen.ts from the server's committed OpenAPI description, when there is one.
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url))
const target = fileURLToPath(new URL('../src/api/schema.gen.ts', import.meta.url))
if (!existsSync(source)) {
  console.log('docs/openapi.json is not there yet; src/api/types.ts stays the description of the API.')
  process.exit(0)
}
const done = spawnSync('npx', ['openapi-typescript', source, '-o', target], { stdio: 'inherit' })
process.exit(done.status ?? 1)
