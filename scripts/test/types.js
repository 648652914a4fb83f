'use strict'
// The types as users see them: compiles test/types as a project that has Myelin installed, with every TypeScript that
// Myelin supports. Each must have nothing to say.
//
//   node scripts/test/types.js
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ensure } = require('../build/ensure')
const { tool } = require('../lib/npm')
const { root, Failure, main, readArguments } = require('../tools')

/** Development packages, all of them `typescript` under a name of their own (package.json). */
const compilers = ['typescript-5.9', 'typescript', 'typescript-7']

const project = path.join(root, 'build/types')

/**
 * A copy of test/types with the declarations in its own node_modules: inside the package, TypeScript would reach by
 * path what the package does not export. All other packages are found further up.
 */
function makeProject() {
  const installed = path.join(project, 'node_modules/myelin')
  fs.rmSync(project, { recursive: true, force: true })
  fs.cpSync(path.join(root, 'test/types'), project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "project" }')
  const isWanted = (file) => fs.statSync(file).isDirectory() || /\.d\.m?ts$/.test(file)
  fs.cpSync(path.join(root, 'dist'), path.join(installed, 'dist'), { recursive: true, filter: isWanted })
  fs.copyFileSync(path.join(root, 'package.json'), path.join(installed, 'package.json'))
}

/** Runs one; { line, ok }. */
function compile(compiler) {
  const start = Date.now()
  const { version } = require(tool(compiler, 'package.json'))
  const child = spawn(process.execPath, [tool(compiler, 'bin/tsc'), '-p', project, '--pretty', 'false'], {
    cwd: project,
  })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const seconds = ((Date.now() - start) / 1000).toFixed(1)
      const text = said.join('').trimEnd()
      const ok = code === 0 && text === ''
      resolve({ ok, line: `${ok ? 'passed' : 'failed'}: TypeScript ${version}, ${seconds} s${text && `\n${text}`}` })
    })
  })
}

/** All of them; true where none complains. dist must be up to date. */
async function checkTypes() {
  makeProject()
  const results = await Promise.all(compilers.map(compile))
  for (const { line } of results) console.log(line)
  return results.every(({ ok }) => ok)
}

module.exports = { checkTypes }

if (require.main === module)
  main(async () => {
    readArguments(process.argv.slice(2), __filename)
    ensure()
    if (!(await checkTypes())) throw new Failure('test/types does not compile; the messages are above')
  })
