import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Native } from './contract'
import { binaryProblem, crc32Of } from './elf'

/** The package's folder, seen from lib/ or dist/: the nearest one above this file that has a package.json. */
export const root = packageFolder(__dirname)

function packageFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return resolve(start, '..')
  }
}

interface Finder {
  (folder: string): unknown
  resolve(folder: string): string
}

/**
 * The .node file to load: build/Release of this tree, else the prebuilt one for this platform. Throws when there is
 * none, as `loadNative` does.
 */
export function nativePath(): string {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return (require('node-gyp-build') as Finder).resolve(root)
  } catch (cause) {
    throw new Error(explain(cause, null), { cause })
  }
}

/**
 * Loads the addon. Throws an Error that says what was looked for, what is there and how to build it; a file that is no
 * whole library for this platform, or a prebuilt one that is not as published, is refused before the system tries it.
 */
export function loadNative(): Native {
  const file = nativePath()
  try {
    const problem = binaryProblem(file) ?? alteration(file)
    if (problem) throw new Error(problem)
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(file) as Native
  } catch (cause) {
    throw new Error(explain(cause, file), { cause })
  }
}

function explain(cause: unknown, file: string | null): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const platform = `${process.platform}-${process.arch}`
  const head = `myelin could not load its native part for ${platform} (Node.js ${process.version}).`
  if (!existsSync(join(root, 'CMakeLists.txt')))
    return [
      head,
      `  ${root} is not the package: its code was bundled, which leaves the native part behind.`,
      "  Tell the bundler to leave it outside (esbuild, Rollup, Vite: external: ['myelin']; webpack: externals;",
      "  Next.js: serverExternalPackages: ['myelin']), and install it where the bundle runs.",
    ].join('\n')
  const forbidden = permissionOf(cause)
  if (forbidden) return [head, ...forbidden].join('\n')
  const built = join(root, 'build', 'Release', 'myelin.node')
  const remedy = !file
    ? 'there is no prebuilt binary for this platform in the package. Build it:'
    : file === built
      ? 'that file was built here; if it is not for this Node.js or machine, build it again:'
      : 'reinstalling the package replaces that file (rm -r node_modules && npm install); or build it here:'
  return [
    head,
    ...(file ? [`  the file: ${file}`, `  the reason: ${hint(message)}`] : []),
    `  looked for: ${built}`,
    `              ${join(root, 'prebuilds', `${process.platform}-${process.arch}`)}${sep}*.node`,
    `  prebuilt binaries here: ${prebuilt().join(', ') || 'none'}`,
    `  ${remedy}`,
    `    ${buildCommand()}`,
    '  which needs a C++17 compiler (g++ 11 or clang 12, or newer), CMake 3.19 or newer and make or ninja;',
    '  on Debian and Ubuntu: sudo apt-get install g++ cmake make; on Alpine: apk add g++ cmake make;',
    '  on macOS: xcode-select --install && brew install cmake',
  ].join('\n')
}

/** What Node's permission model forbids, and what allows it; null for other reasons. */
function permissionOf(cause: unknown): string[] | null {
  const { code, message, permission, resource } = cause as NodeJS.ErrnoException & Record<string, unknown>
  const rights = `--allow-addons --allow-fs-read=${join(root, '*')}`
  if (code === 'ERR_DLOPEN_DISABLED')
    return [`  the reason: ${message}`, `  Node.js was started with --permission; Myelin needs ${rights}`]
  if (code !== 'ERR_ACCESS_DENIED') return null
  return [
    `  the reason: ${message} (${String(permission)}, ${String(resource)})`,
    `  Node.js was started with --permission; Myelin needs ${rights}`,
    ...(permission === 'FileSystemRead' ? [`  and here --allow-fs-read=${String(resource)}`] : []),
  ]
}

/** The system's reason in words of this library, where it is one that people meet. */
function hint(message: string): string {
  // The system begins with the file's path, which may hold any word.
  const reason = message.split('\n')[0].replace(/^.*\.node:? /, '')
  if (/GLIBC_|GLIBCXX_|CXXABI_/.test(reason))
    return `${reason}. The C or C++ library of this system is older than the binary needs (glibc 2.28, GCC 8).`
  if (/ld-linux|\bmusl\b/.test(reason))
    return (
      `${reason}. It is for glibc, and this system has musl: ` + `outside Alpine, set LIBC=musl in the environment.`
    )
  if (/Module did not self-register|NODE_MODULE_VERSION|napi|n-api/i.test(reason))
    return `${reason}. Myelin needs Node.js 20.17 or newer.`
  return reason
}

/** In a clone there is a script for it; in an installed package it is one file. */
function buildCommand(): string {
  return existsSync(join(root, 'lib', 'index.ts'))
    ? 'npm run build:native'
    : `node "${join(root, 'scripts', 'cmake-build.js')}"`
}

function prebuilt(): string[] {
  const folder = join(root, 'prebuilds')
  if (!existsSync(folder)) return []
  const platforms = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return platforms
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`))
    .filter((file) => file.endsWith('.node'))
    .sort()
}

/**
 * null, or that a prebuilt file is not the published one: a library with a hole in it ends the process when it is
 * mapped. Only on Linux: signing, which other systems ask for, changes the file.
 */
function alteration(file: string): string | null {
  if (process.platform !== 'linux') return null
  const published = publishedChecksum(file)
  const found = published && crc32Of(file)
  if (!found || found === published.crc32) return null
  return (
    'it is damaged: its checksum is not the published one ' +
    `(whoever changed it on purpose removes ${join(root, 'prebuilds', 'checksums.json')})`
  )
}

export interface Checksum {
  /** Hexadecimal, both. */
  sha256: string
  crc32: string
}

/** With which a file below prebuilds/ was published; undefined for one that was built here. */
export function publishedChecksum(file: string): Checksum | undefined {
  const list = join(root, 'prebuilds', 'checksums.json')
  if (!existsSync(list)) return undefined
  const name = relative(join(root, 'prebuilds'), file).replaceAll('\\', '/')
  return (JSON.parse(readFileSync(list, 'utf8')) as Record<string, Checksum>)[name]
}
