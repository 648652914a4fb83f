/**
 * Is a .node file a whole library for this machine? Asked before the system maps it: a cut-off file would end the
 * process.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** ELF's numbers for processors: e_machine. */
const machines: Record<number, string> = {
  3: 'ia32',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  21: 'ppc64',
  22: 's390x',
  243: 'riscv64',
}

/**
 * null, or what is wrong with the file. Only ELF is looked into; the loaders of macOS and Windows check for themselves.
 */
export function binaryProblem(file: string, platform = process.platform, arch: string = process.arch): string | null {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    if (size === 0) return 'the file is empty'
    if (platform !== 'linux') return null
    const header = read(descriptor, 0, 64)
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46)
      return (
        `it is not an ELF library (it begins with ${header.subarray(0, 4).toString('hex')}): ` +
        `a binary of another system, or damaged`
      )
    const littleEndian64 = header[4] === 2 && header[5] === 1
    if (!littleEndian64) return `it is for another kind of processor than this machine's ${arch}`
    const machine = header.readUInt16LE(18)
    const made = machines[machine] ?? `processor ${machine}`
    if (made !== arch) return `it is for ${made}, and this Node.js is for ${arch}`
    const needed = neededBytes(descriptor, header, size)
    if (needed > size) return `it is cut off: ${size} bytes of at least ${needed}`
    return null
  } finally {
    closeSync(descriptor)
  }
}

/** Where the last of these ends: the table of segments, the segments that the system maps, the table of sections. */
function neededBytes(descriptor: number, header: Buffer, size: number): number {
  const segmentsAt = Number(header.readBigUInt64LE(32))
  const entrySize = header.readUInt16LE(54)
  const tableBytes = entrySize * header.readUInt16LE(56)
  const sectionsEnd = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
  let end = Math.max(segmentsAt + tableBytes, sectionsEnd)
  if (end > size || entrySize < 56) return end
  const table = read(descriptor, segmentsAt, tableBytes)
  for (let at = 0; at + entrySize <= table.length; at += entrySize) {
    const isLoaded = table.readUInt32LE(at) === 1
    if (isLoaded) end = Math.max(end, Number(table.readBigUInt64LE(at + 8)) + Number(table.readBigUInt64LE(at + 32)))
  }
  return end
}

/**
 * Hexadecimal. Not SHA-256, which costs several times as much at every start: this is against damage, not against
 * malice. null where Node.js has no such function yet (21, 22.0 and 22.1).
 */
export function crc32Of(file: string): string | null {
  if (!(crc32 as typeof crc32 | undefined)) return null
  const descriptor = openSync(file, 'r')
  try {
    const chunk = Buffer.allocUnsafeSlow(1 << 16)
    let sum = 0
    for (let length; (length = readSync(descriptor, chunk, 0, chunk.length, null)) > 0;)
      sum = crc32(chunk.subarray(0, length), sum)
    return sum.toString(16).padStart(8, '0')
  } finally {
    closeSync(descriptor)
  }
}

function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position))
}
