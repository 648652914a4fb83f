/**
 * The code of the documentation, as written there. A comment that is invisible on the page may stand before a block
 * with what it starts from, and one behind it with what must hold after it:
 *
 *     <!-- before
 *     const x = [[1], [2]]
 *     -->
 *     ```ts
 *     const y = await model.predict(x)
 *     ```
 *     <!-- after
 *     assert.deepEqual(y.shape, [2, 1])
 *     -->
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'

export const root = resolve(__dirname, '../../..')
/** Inside the package, so that `myelin` is the package itself: its dist and its published types. */
const folder = join(root, 'build/docs')

export interface Example {
  page: string
  /** Of the block's first line. */
  line: number
  /** JavaScript to run. */
  file: string
  /** Where the source was put: TypeScript, or the file itself. */
  source: string
}

const pattern = /(?:^<!-- before\n([^]*?)\n-->\n+)?^```(ts|js)\n([^]*?)^```\n(?:\n*<!-- after\n([^]*?)\n-->)?/gm

/** Writes every ```ts and ```js block of the pages to a file of its own. */
export function extract(pages: readonly string[]): Example[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8')
    return [...text.matchAll(pattern)].map((match) => {
      const [whole, before, language, code, after] = match
      const line = text.slice(0, match.index + whole.indexOf(code, whole.indexOf('```'))).split('\n').length
      const stem = join(folder, `${page.replace(/\W/g, '-')}-${line}`)
      const file = `${stem}.${language === 'ts' ? 'mjs' : 'cjs'}`
      const source = language === 'ts' ? `${stem}.mts` : file
      const assert =
        language === 'ts' ? "import assert from 'node:assert/strict'" : "const assert = require('assert/strict')"
      writeFileSync(source, [assert, before, code, after, 'void assert'].filter(Boolean).join('\n'))
      return { page, line, file, source }
    })
  })
}

/** Compiles the TypeScript examples as a strict project would; what the compiler has to say, by source. */
export function compile(examples: readonly Example[]): Map<string, string> {
  const program = ts.createProgram(
    examples.map(({ source }) => source).filter((source) => source.endsWith('.mts')),
    {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ['node'],
      skipLibCheck: true,
    },
  )
  const messages = new Map<string, string>()
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const source = diagnostic.file?.fileName ?? ''
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
    const place = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
    const code = place ? diagnostic.file!.text.split('\n')[place.line] : ''
    messages.set(source, [messages.get(source), `${text}\n    in: ${code.trim()}`].filter(Boolean).join('\n'))
  }
  program.emit()
  return messages
}
