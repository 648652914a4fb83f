/** Model files: what is in them (snapshot-file), the container (safetensors) and the disk (disk). */
export { readFile, writeFileAtomic } from './disk'
export { decodedSnapshot, decodeSnapshot, encodeSnapshot, snapshotParts } from './snapshot-file'
