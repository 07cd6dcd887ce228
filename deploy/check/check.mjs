// Reads the container files as their tools would: docker-compose.yml against the Compose schema, the Dockerfile instruction
// by instruction; then asks whether what they name is there. Planted faults show that the check can fail.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Ajv from 'ajv/dist/2019.js'
import { DockerfileParser } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const schema = JSON.parse(readFileSync(join(here, 'node_modules', 'dclint', 'schemas', 'compose.schema.json'), 'utf8'))
delete schema.$schema
const fits = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema)

/** Everything that is wrong with a compose file; nothing means right. */
function composeFaults(text) {
  const compose = parse(text)
  const faults = fits(compose) ? [] : fits.errors.map((error) => `${error.instancePath} ${error.message}`)
  const services = compose.services ?? {}
  for (const [name, service] of Object.entries(services)) {
    for (const other of Object.keys(service.depends_on ?? {})) {
      if (!(other in services)) faults.push(`${name} depends on ${other}, which is no service`)
    }
    for (const mount of service.volumes ?? []) {
      const volume = String(mount).split(':')[0]
      if (!/^[./]/.test(volume) && !(volume in (compose.volumes ?? {}))) faults.push(`${name} mounts ${volume}, which is no volume`)
    }
    const dockerfile = service.build?.dockerfile
    if (dockerfile && !existsSync(join(root, dockerfile))) faults.push(`${name} is built from ${dockerfile}, which is missing`)
  }
  return faults
}

/** Everything that is wrong with a Dockerfile. */
function dockerfileFaults(text) {
  const faults = validate(text).map((found) => `line ${found.range.start.line + 1}: ${found.message}`)
  const parsed = DockerfileParser.parse(text)
  const stages = parsed.getFROMs().map((from) => from.getBuildStage())
  for (const copy of parsed.getCOPYs()) {
    const words = copy.getArguments().map((argument) => argument.getValue())
    const stage = copy.getFromFlag()?.getValue()
    if (stage) {
      if (!stages.includes(stage)) faults.push(`COPY --from=${stage}: there is no such stage`)
      continue
    }
    for (const source of words.slice(0, -1)) {
      if (!existsSync(join(root, source))) faults.push(`COPY ${source}: it is not in the repository`)
    }
  }
  return faults
}

const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const dockerfile = readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8')
const planted = [
  composeFaults(compose.replace('restart: unless-stopped', 'restarts: unless-stopped')),
  composeFaults(compose.replace('      mail:\n', '      post:\n')),
  composeFaults(compose.replace('- server:/var', '- cellar:/var')),
  dockerfileFaults(dockerfile.replace('EXPOSE 8080', 'EXPOSES 8080')),
  dockerfileFaults(dockerfile.replace('--from=server', '--from=servant')),
  dockerfileFaults(dockerfile.replace('COPY frontend/ ./', 'COPY backend/ ./')),
]

let failed = 0
const tell = (name, faults) => {
  if (faults.length === 0) return
  failed += 1
  console.error(`${name}:\n  ${faults.join('\n  ')}`)
}
tell('docker-compose.yml', composeFaults(compose))
tell('deploy/Dockerfile', dockerfileFaults(dockerfile))
planted.forEach((faults, number) => tell(`planted fault ${number + 1}`, faults.length > 0 ? [] : ['it was not found']))
console.log(`${2 + planted.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
