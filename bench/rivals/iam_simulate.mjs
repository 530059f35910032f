// Times @cloud-copilot/iam-simulate on a workload file; prints JSON: effects and CPU seconds.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { dirname, join } from 'node:path'

const [, , modules, file, limit] = process.argv
const load = (...parts) => import(pathToFileURL(join(modules, 'node_modules/@cloud-copilot', ...parts)))
const { loadPolicy } = await load('iam-policy/dist/esm/index.js')
const { authorize } = await load('iam-simulate/dist/esm/core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('iam-simulate/dist/esm/request/request.js')
const { RequestContextImpl } = await load('iam-simulate/dist/esm/requestContext.js')
const constraints = await load(
  'iam-simulate/dist/esm/context_keys/discoveryContextKeyConstraints.js')
const runs = JSON.parse(readFileSync(file, 'utf8'))

const EFFECT = { Allowed: 'ALLOW', ImplicitlyDenied: 'IMPLICIT_DENY', ExplicitlyDenied: 'EXPLICIT_DENY' }
const loaded = new Map()
function policy(document, name) {
  const key = JSON.stringify(document)
  if (!loaded.has(key)) loaded.set(key, loadPolicy(document, { name }))
  return loaded.get(key)
}
const full = { Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] }

function prepare(run) {
  return {
    sessionPolicy: undefined,
    identityPolicies: run.identity.map((d, i) => policy(d, `p${i}`)),
    serviceControlPolicies: run.scps.map((level, i) => (
      { orgIdentifier: `ou-${i}`, policies: level.map((d, j) => policy(d, `scp${i}.${j}`)) })),
    resourceControlPolicies: [{ orgIdentifier: 'root', policies: [policy(full, 'full')] }],
    resourcePolicy: run.resource ? policy(run.resource, 'resource') : undefined,
    permissionBoundaries: run.boundary ? [policy(run.boundary, 'boundary')] : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: { simulationMode: 'Strict',
      discoveryContextKeyConstraints: new constraints.DiscoveryContextKeyConstraints([]) }
  }
}

const effects = []
let asked = 0, cpu = 0
for (const run of runs) {
  const base = prepare(run)
  const requests = run.requests.slice(0, Number(limit))
  const once = (r) => authorize({ ...base, request: new AwsRequestImpl(
    run.principal, { resource: r.resource, accountId: '123456789012' }, r.action,
    new RequestContextImpl(r.context)) })
  if (requests.length > 5) requests.slice(0, 30).forEach(once) // let the JIT compile
  const before = process.cpuUsage()
  for (const r of requests) effects.push(once(r).result)
  const used = process.cpuUsage(before)
  cpu += (used.user + used.system) / 1e6
  asked += requests.length
}
console.log(JSON.stringify({ effects: effects.map((e) => EFFECT[e] ?? e), cpu, asked }))
