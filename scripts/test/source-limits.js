'use strict'
// How large sources may be, held by npm run lint: files of at most 400 lines, lines of at most 120 characters, no line
// that prettier is told to leave alone, at most 6 files directly in lib/. There is no list of exceptions.
const fs = require('node:fs')
const path = require('node:path')
const { root, filesUnder } = require('../tools')

const mostLines = 400
const mostCharacters = 120
const mostInLib = 6
const folders = ['lib', 'native', 'test', 'scripts', 'bench', 'examples']
const sources = /\.([cm]?[tj]s|cpp|h|cuh?|def|py)$/
/** In two parts, so that this file does not have it itself. */
const leaveAlone = ['prettier', 'ignore'].join('-')

/** What is wrong with the text of a file, as lines that name it; places are given for few lines only. */
function problemsOf(file, text) {
  const lines = text.replace(/\n$/, '').split('\n')
  const placesOf = (isWrong) => lines.flatMap((line, i) => (isWrong(line) ? [i + 1] : []))
  const long = placesOf((line) => [...line].length > mostCharacters)
  const ignored = placesOf((line) => line.includes(leaveAlone))
  const at = (places) => `${places.slice(0, 5).join(', ')}${places.length > 5 ? ' …' : ''}`
  return [
    ...(lines.length > mostLines ? [`${file}: ${lines.length} lines, at most ${mostLines}`] : []),
    ...(long.length > 0 ? [`${file}: ${long.length} lines over ${mostCharacters} characters: ${at(long)}`] : []),
    ...(ignored.length > 0 ? [`${file}: ${ignored.length} times ${leaveAlone}: ${at(ignored)}`] : []),
  ]
}

/** The same of the files directly in lib/. */
function problemsOfLib(files) {
  const direct = files.filter((file) => path.dirname(file) === 'lib')
  return direct.length > mostInLib ? [`lib: ${direct.length} files directly in it, at most ${mostInLib}`] : []
}

/** All sources: those of the folders, and what lies beside them in the root. */
const sourceFiles = () => [
  ...fs.readdirSync(root).filter((name) => sources.test(name)),
  ...folders.flatMap((folder) => filesUnder(folder, sources)),
]

/** What is wrong anywhere. */
function sourceProblems() {
  const files = sourceFiles()
  const read = (file) => fs.readFileSync(path.join(root, file), 'utf8')
  return [...problemsOfLib(files), ...files.flatMap((file) => problemsOf(file, read(file)))]
}

module.exports = { problemsOf, problemsOfLib, sourceFiles, sourceProblems }
