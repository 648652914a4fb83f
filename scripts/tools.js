'use strict'
// What all scripts share, those in the package too (build-cuda.js, cmake-build.js). Node built-ins only: they run
// before `npm ci` has. More for scripts of a clone: scripts/lib.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const root = path.resolve(__dirname, '..')
const isWindows = process.platform === 'win32'

/** A failure whose message is meant for a person: printed without a stack. */
class Failure extends Error {}

/** Runs a program with inherited output. Throws Failure naming the command when it cannot start or fails. */
function run(command, args, options = {}) {
  const result = tryRun(command, args, options)
  if (!result.ok) throw new Failure(`${result.reason}\n  command: ${[command, ...args].join(' ')}`)
}

/** The same, but says how it went: { ok, reason }. */
function tryRun(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (result.error) return { ok: false, reason: `could not start '${command}': ${result.error.message}` }
  if (result.signal) return { ok: false, reason: `'${path.basename(command)}' was ended by ${result.signal}` }
  if (result.status !== 0) return { ok: false, reason: `'${path.basename(command)}' ended with code ${result.status}` }
  return { ok: true, reason: '' }
}

/** Full path of a program on PATH, or null. */
function which(name) {
  const extensions = isWindows ? (process.env.PATHEXT || '.EXE').split(';') : ['']
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    for (const extension of extensions) {
      const file = path.join(folder, name + extension)
      try {
        fs.accessSync(file, fs.constants.X_OK)
        if (fs.statSync(file).isFile()) return file
      } catch {
        // not in this folder
      }
    }
  }
  return null
}

/**
 * All files under `folder` (relative to the root, as are the results; or absolute) whose name matches, sorted; empty
 * when there is no such folder.
 */
function filesUnder(folder, pattern = /./) {
  const found = []
  const visit = (current) => {
    for (const entry of fs.readdirSync(path.resolve(root, current), { withFileTypes: true })) {
      const file = path.join(current, entry.name)
      if (entry.isDirectory()) visit(file)
      else if (pattern.test(entry.name)) found.push(file)
    }
  }
  if (fs.existsSync(path.resolve(root, folder))) visit(folder)
  return found.sort()
}

/** One process at a time runs `work`; the others wait. A lock left by a process that is gone is taken over. */
function withLock(name, work) {
  const file = path.join(root, 'build', `${name}.lock`)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  let waiting = false
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isAlive(file)) {
      fs.rmSync(file, { force: true })
      continue
    }
    if (!waiting) console.log(`waiting for another process that holds ${path.relative(root, file)}`)
    waiting = true
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  }
  try {
    return work()
  } finally {
    fs.rmSync(file, { force: true })
  }
}

function isAlive(lockFile) {
  try {
    const pid = Number(fs.readFileSync(lockFile, 'utf8'))
    // Just created by its owner, who has not written the number yet.
    if (!pid) return Date.now() - fs.statSync(lockFile).mtimeMs < 5000
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** What a script's head says: how it is called, and its options. */
function headOf(script) {
  const lines = fs.readFileSync(script, 'utf8').split('\n')
  const first = lines.findIndex((line) => line.startsWith('//'))
  const end = lines.findIndex((line, i) => i > first && !line.startsWith('//'))
  const head = lines.slice(first, end).map((line) => line.replace(/^\/\/ ?/, ''))
  return head.join('\n')
}

/** Prints the head of a script where its arguments ask for help; true if they did. */
function showHelp(args, script) {
  const asked = args.includes('--help') || args.includes('-h')
  if (asked) console.log(headOf(script))
  return asked
}

/**
 * The arguments of a script whose options are listed in its head, as { options, names }: options by name without
 * dashes, and what else was said. `known`: by option true where it stands alone, false where a value follows. `names`:
 * whether there may be any. Throws Failure for an option that is not known, lacks its value or has one too many; with
 * --help prints the head and ends the process.
 */
function readArguments(args, script, { known = {}, names: mayName = false } = {}) {
  if (showHelp(args, script)) process.exit(0)
  const options = {}
  const names = []
  const list = Object.keys(known).map((name) => `--${name}`)
  const refuse = (text) => {
    const there = list.length > 0 ? `the options are ${list.join(', ')}` : 'there are no options'
    throw new Failure(`${text}; ${there} (--help explains)`)
  }
  for (let i = 0; i < args.length; i++) {
    if (!args[i].startsWith('-')) {
      if (!mayName) refuse(`unexpected argument '${args[i]}'`)
      names.push(args[i])
      continue
    }
    const [, name, , value] = /^--([^=]*)(=(.*))?$/s.exec(args[i]) ?? []
    if (name === undefined || !Object.hasOwn(known, name)) refuse(`unknown option '${args[i]}'`)
    if (known[name] && value !== undefined) refuse(`--${name} takes no value`)
    if (known[name]) options[name] = true
    else if (value !== undefined) options[name] = value
    else if (i + 1 < args.length && !args[i + 1].startsWith('--')) options[name] = args[++i]
    else refuse(`--${name} needs a value`)
  }
  return { options, names }
}

/** Runs a script's main function; a Failure ends the process with its message alone. */
function main(work) {
  const fail = (error) => {
    console.error(error instanceof Failure ? `\nerror: ${error.message}` : error)
    process.exitCode = 1
  }
  try {
    Promise.resolve(work()).catch(fail)
  } catch (error) {
    fail(error)
  }
}

module.exports = {
  root,
  isWindows,
  Failure,
  run,
  tryRun,
  which,
  filesUnder,
  withLock,
  showHelp,
  readArguments,
  main,
}
