'use strict'
// Which test files the arguments of `npm test` mean: a path, a pattern, or a word that stands in the paths of some.
const fs = require('node:fs')
const path = require('node:path')
const { root, Failure, filesUnder } = require('../tools')

/** Options of mocha that take the next argument. */
const withValue = new Set(
  (
    'config extension fgrep f file global globals grep g ignore exclude jobs j node-option n package reporter R ' +
    'reporter-option reporter-options O require r retries slow s spec timeout t timeouts ui u watch-files watch-ignore'
  ).split(' '),
)

/** Folders that `npm test` leaves out, and what runs their files. */
const elsewhere = [
  { folder: 'test/native/cuda/', command: (file) => `npm run test:cuda -- ${file}` },
  { folder: 'test/whole/long/', command: () => "npm run test:all -- 'long tests'" },
]

const takesNext = (option) => !option.includes('=') && withValue.has(option.replace(/^--?/, ''))

/** { options, words }: what mocha is told, and what says which files. */
function split(args) {
  const found = { options: [], words: [] }
  for (let i = 0; i < args.length; i++) {
    if (!args[i].startsWith('-')) found.words.push(args[i])
    else found.options.push(...(takesNext(args[i]) && i + 1 < args.length ? [args[i], args[++i]] : [args[i]]))
  }
  return found
}

/** A word as it stands in the list of files: from the root, with slashes, a folder with one at its end. */
function normalized(word) {
  const isPath = path.isAbsolute(word) || /^\.\.?([\\/]|$)/.test(word) || word.startsWith('test/')
  if (!isPath) return word
  const file = path.resolve(root, word)
  const isFolder = fs.existsSync(file) && fs.statSync(file).isDirectory()
  return path.relative(root, file).split(path.sep).join('/') + (isFolder ? '/' : '')
}

/** Mocha's arguments. Without a path or word in `args`: all tests. Throws Failure for a word that no test file has. */
function selectTests(args) {
  const { options, words } = split(args)
  if (words.length === 0) return [...options, 'test/**/*.test.ts']
  const all = filesUnder('test', /\.test\.ts$/).map((file) => file.split(path.sep).join('/'))
  const chosen = words.flatMap((word) => {
    // Patterns are mocha's.
    if (/[*?{[]/.test(word)) return [word]
    const part = normalized(word)
    const found = all.filter((file) => file.includes(part))
    if (found.length === 0)
      throw new Failure(`no test file holds '${word}' in its path; \`npm test -- -g ${word}\` looks for it in titles`)
    const here = found.filter((file) => !elsewhere.some(({ folder }) => file.startsWith(folder)))
    if (here.length > 0) return here
    const { command } = elsewhere.find(({ folder }) => found[0].startsWith(folder))
    throw new Failure(`${found[0]} is no part of \`npm test\`: \`${command(found[0])}\` runs it`)
  })
  return [...options, ...new Set(chosen)]
}

module.exports = { selectTests }
