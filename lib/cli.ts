#!/usr/bin/env node
/** npx myelin <command>. Loads nothing that could fail before the command has begun. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const usage = `usage: npx myelin doctor      what Myelin uses on this machine, and a self-test of two seconds
       npx myelin --version`

async function main(args: readonly string[]): Promise<number> {
  const [command] = args
  if (command === '--version' || command === '-v') {
    const { version } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string }
    console.log(version)
    return 0
  }
  if (command === 'doctor' && args.length === 1) {
    const { doctor } = await import('./doctor.js')
    return (await doctor((line) => console.log(line))) ? 0 : 1
  }
  const isHelp = args.length === 1 && ['--help', '-h', 'help'].includes(command)
  if (isHelp) console.log(usage)
  else console.error(args.length > 0 ? `myelin: unknown arguments '${args.join(' ')}'\n${usage}` : usage)
  return isHelp ? 0 : 2
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
