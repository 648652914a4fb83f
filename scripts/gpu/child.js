'use strict'
// Programs with a time limit. What they print is shown and kept; when the time is up, they end with all they started.
const { spawn } = require('node:child_process')
const path = require('node:path')
const { StringDecoder } = require('node:string_decoder')
const { root } = require('../tools')

const keptCharacters = 2 ** 20
const longestTimer = 2 ** 31 - 1 // milliseconds; Node.js fires longer ones at once

/**
 * Resolves to { ok, reason, output, seconds }: never rejects. `seconds`: the limit. `input`: for its stdin.
 * `quiet`: do not show its output.
 */
function runLimited(command, args, { seconds, env = process.env, input = '', quiet = false } = {}) {
  const began = performanceNow()
  return new Promise((resolve) => {
    let output = ''
    let late = false
    // A process group of its own, so that its children end with it.
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const endAll = () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    const timer = setTimeout(
      () => {
        late = true
        endAll()
      },
      Math.min(seconds * 1000, longestTimer),
    )
    const interrupted = () => {
      endAll()
      process.exit(130)
    }
    process.on('SIGINT', interrupted)
    process.on('SIGTERM', interrupted)
    const take = (stream, target) => {
      const decoder = new StringDecoder('utf8')
      stream.on('data', (bytes) => {
        if (!quiet) target.write(bytes)
        output = (output + decoder.write(bytes)).slice(-keptCharacters)
      })
    }
    take(child.stdout, process.stdout)
    take(child.stderr, process.stderr)
    child.stdin.on('error', () => {}) // it need not read its input
    child.stdin.end(input)
    const name = path.basename(command)
    const settle = (reason) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupted)
      process.off('SIGTERM', interrupted)
      resolve({ ok: reason === '', reason, output, seconds: (performanceNow() - began) / 1000 })
    }
    child.on('error', (error) => settle(`could not start '${command}': ${error.message}`))
    child.on('close', (code, signal) => {
      if (late) settle(`'${name}' was ended after ${Math.round(seconds)} s; --patience 2 doubles the limits`)
      else if (signal) settle(`'${name}' was ended by ${signal}`)
      else settle(code === 0 ? '' : `'${name}' ended with code ${code}`)
    })
  })
}

const performanceNow = () => Number(process.hrtime.bigint() / 1000n) / 1000

/** The objects among the lines of an output; other lines are passed over. */
function jsonLines(output) {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
}

/** The last line that says something. */
const lastLine = (output) => output.trimEnd().split('\n').pop().trim()

module.exports = { runLimited, jsonLines, lastLine }
