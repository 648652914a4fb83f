import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Native } from './native'

/** The folder with package.json: one above lib/ and dist/. */
const root = resolve(__dirname, '..')

/**
 * Loads the addon: build/Release of this tree, else the prebuilt one for this platform. Throws an Error that says what was
 * looked for, what is there and how to build it.
 */
export function loadNative(): Native {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require('node-gyp-build')(root) as Native
  } catch (cause) {
    throw new Error(explain(cause), { cause })
  }
}

function explain(cause: unknown): string {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]
  const prebuilds = join(root, 'prebuilds')
  const found = existsSync(prebuilds) ? readdirSync(prebuilds).sort().join(', ') : ''
  const isInstalled = dirname(root).endsWith('node_modules')
  const build = isInstalled ? `node "${join(root, 'scripts', 'cmake-build.js')}"` : 'npm run build:native'
  return [
    `myelin could not load its native part for ${process.platform}-${process.arch} (Node.js ${process.version}): ${reason}`,
    `  looked for: ${join(root, 'build', 'Release', 'myelin.node')} and ${join(prebuilds, `${process.platform}-${process.arch}`)}`,
    `  prebuilt platforms here: ${found || 'none'}`,
    `  to build it: ${build}`,
    '  which needs a C++17 compiler (g++ 11 or clang 12, or newer), CMake 3.19 or newer and make or ninja;',
    '  on Debian and Ubuntu: sudo apt-get install g++ cmake make; on macOS: xcode-select --install && brew install cmake',
  ].join('\n')
}
