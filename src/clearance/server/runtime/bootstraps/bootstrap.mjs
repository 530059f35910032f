// The Node.js process of an environment: waits for its function, then serves the Runtime API.
//
// Reads one line of JSON from standard input ({environ, cwd, handler}), loads the handler
// (CommonJS or ES module; async, promise or callback) and answers invocations until the server
// hangs up. Standard library only.
import fs from 'node:fs'
import http from 'node:http'
import Module, { createRequire } from 'node:module'
import path from 'node:path'
import { format } from 'node:util'
import { pathToFileURL } from 'node:url'

function assignment() {
  const parts = []
  const chunk = Buffer.alloc(65536)
  for (;;) {
    let size
    try {
      size = fs.readSync(0, chunk)
    } catch (error) {
      if (error.code === 'EAGAIN') continue
      throw error
    }
    if (size === 0) process.exit(0) // the server went away before there was a function
    parts.push(Buffer.from(chunk.subarray(0, size)))
    if (chunk[size - 1] === 10) return JSON.parse(Buffer.concat(parts).toString())
  }
}

const assigned = assignment()
fs.closeSync(0)
fs.openSync('/dev/null', 'r')
for (const name of Object.keys(process.env)) delete process.env[name]
Object.assign(process.env, assigned.environ)
process.chdir(assigned.cwd)
Module._initPaths?.() // NODE_PATH was not there when Node started

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function call(method, where, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(body)
    if (data) headers = { ...headers, 'Content-Length': data.length }
    const options = { host, port, agent, method, headers, path: '/2018-06-01/runtime/' + where }
    const request = http.request(options, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(data)
  })
}

let requestId
for (const [name, level] of Object.entries({ log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' })) {
  console[name] = (...values) => {
    const text = format(...values).replaceAll('\n', '\r')
    fs.writeSync(1, `${new Date().toISOString()}\t${requestId ?? 'undefined'}\t${level}\t${text}\n`)
  }
}

class Fault extends Error {
  constructor(type, message) {
    super(message)
    this.name = type
  }
}

function described(error) {
  if (error instanceof Error || (error && error.message !== undefined && error.name !== undefined)) {
    const trace = (error.stack ?? '').split('\n')
    return { errorType: error.name, errorMessage: error.message, trace }
  }
  const message = error !== null && typeof error === 'object' ? JSON.stringify(error) : String(error)
  return { errorType: typeof error, errorMessage: message, trace: [] }
}

function posted(where, error) {
  const value = described(error)
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': encodeURIComponent(value.errorType) }
  return call('POST', where, JSON.stringify(value), headers)
}

// "The handler is `file.export`"; the file may be in folders, the export may be nested.
async function load(handler) {
  const folder = path.dirname(handler)
  const found = /^([^.]*)\.(.+)$/.exec(path.basename(handler))
  if (!found || handler.includes('..')) throw new Fault('Runtime.MalformedHandlerName', `Bad handler: ${handler}`)
  const [, file, name] = found
  const base = path.resolve(assigned.cwd, folder, file)
  const whole = ['', '.js', '.mjs', '.cjs'].map((ending) => base + ending)
    .find((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile())
  if (!whole) {
    throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.join(folder, file)}'\nRequire stack:\n- /var/runtime/index.mjs`)
  }
  let exported
  try {
    exported = whole === base ? createRequire(import.meta.url)(whole) : await import(pathToFileURL(whole))
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    if (['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error?.code)) {
      throw new Fault('Runtime.ImportModuleError', `Error: ${error.message}`)
    }
    throw error
  }
  const pick = (from) => name.split('.').reduce((value, key) => value?.[key], from)
  const chosen = pick(exported) ?? pick(exported.default)
  if (chosen === undefined || chosen === null) {
    throw new Fault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`)
  }
  if (typeof chosen !== 'function') throw new Fault('Runtime.HandlerNotFound', `${handler} is not a function`)
  return chosen
}

function contextOf(headers, settle) {
  const environ = process.env
  const parsed = headers['lambda-runtime-client-context']
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: requestId,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: environ.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: environ.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: environ.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environ.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environ.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed ? JSON.parse(parsed) : undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, value) => settle(error, value),
    succeed: (value) => settle(null, value),
    fail: (error) => settle(error ?? 'handled'),
  }
}

// Resolves when the handler has an answer: its promise's, or its callback's. A callback waits
// until nothing else is going on unless `callbackWaitsForEmptyEventLoop` is false; if nothing
// is going on and there is no answer, Lambda answers null.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let answer = () => resolve(null)
    const idle = () => answer()
    process.once('beforeExit', idle)
    const finish = (how, value) => {
      process.removeListener('beforeExit', idle)
      how(value)
    }
    const settle = (error, value) => {
      answer = () => (error === null || error === undefined ? finish(resolve, value) : finish(reject, error))
      if (!context.callbackWaitsForEmptyEventLoop) setImmediate(() => answer())
    }
    const context = contextOf(headers, settle)
    let result
    try {
      result = handler(event, context, settle)
    } catch (error) {
      finish(reject, error)
      return
    }
    if (typeof result?.then === 'function') {
      result.then((value) => finish(resolve, value), (error) => finish(reject, error))
    }
  })
}

async function serve(handler) {
  for (;;) {
    const next = await call('GET', 'invocation/next')
    if (next.status !== 200) process.exit(1)
    requestId = next.headers['lambda-runtime-aws-request-id']
    const trace = next.headers['lambda-runtime-trace-id']
    if (trace) process.env._X_AMZN_TRACE_ID = trace
    else delete process.env._X_AMZN_TRACE_ID
    const where = `invocation/${requestId}/`
    try {
      const value = await run(handler, JSON.parse(next.body.toString()), next.headers)
      await call('POST', where + 'response', JSON.stringify(value ?? null), { 'Content-Type': 'application/json' })
    } catch (error) {
      console.error('Invoke Error', JSON.stringify(described(error)))
      await posted(where + 'error', error)
    }
  }
}

async function crash(prefix, error) {
  const fault = described(error)
  console.error(prefix, JSON.stringify(fault))
  if (requestId) await posted(`invocation/${requestId}/error`, error).catch(() => undefined)
  else await posted('init/error', error).catch(() => undefined)
  process.exit(129)
}
process.on('uncaughtException', (error) => crash('Uncaught Exception', error))
process.on('unhandledRejection', (error) =>
  crash('Unhandled Promise Rejection', new Fault('Runtime.UnhandledPromiseRejection', String(error))))

let handler
try {
  handler = await load(assigned.handler)
} catch (error) {
  await crash('Uncaught Exception', error)
}
serve(handler).catch(() => process.exit(1))
