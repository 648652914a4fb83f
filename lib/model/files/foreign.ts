/** What a file is that is no safetensors file, as far as its first bytes tell, and how its weights get here. */

/** So many bytes of a file are looked at. */
export const sniffedBytes = 4096

interface Kind {
  /** With its article; null where the bytes are not of this kind. */
  name: (start: Buffer, text: string) => string | null
  advice: string
}

/** How weights of other programs come into a model. */
const byReadTensors = 'then read it with readTensors and hand the arrays to model.setWeights'
const fromPython = `In Python, write its weights with safetensors (save_file of a dict of arrays), ${byReadTensors}.`
const fromTorch = `In Python: safetensors.torch.save_file(module.state_dict(), path); ${byReadTensors}.`
const fromNumpy = `In Python: safetensors.numpy.save_file(dict_of_arrays, path); ${byReadTensors}.`

const begins = (start: Buffer, hex: string) => start.subarray(0, hex.length / 2).toString('hex') === hex

/** What a ZIP archive holds, by the names of its first entries. */
const zipKinds: readonly (readonly [pattern: RegExp, name: string, advice: string])[] = [
  [/\/data\.pkl|\/\.data\/|\/byteorder/, 'a PyTorch file (ZIP)', fromTorch],
  [/\.npy/, 'NumPy arrays (.npz)', fromNumpy],
  [/metadata\.json|config\.json|model\.weights\.h5/, 'a Keras model (.keras)', fromPython],
  [/\[Content_Types\]\.xml/, 'an Office document', 'Give the path of a model file.'],
]

/** A pickle, which old PyTorch files are too: they begin with this number. */
const torchMagic = '8a0a6cfc9c46f9206aa85019'

/** Letters, spaces and ends of lines alone: no header length within the limit is so, as its last bytes are 0. */
// eslint-disable-next-line no-control-regex -- control characters are what text does not have
const isText = (text: string): boolean => text.length >= 8 && !/[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text)

/** Whether the first two lines have equally many separators. */
function isTable(text: string): boolean {
  const [first, second] = text.split(/\r?\n/, 2)
  return [',', ';', '\t'].some((c) => first.includes(c) && first.split(c).length === second?.split(c).length)
}

const imageSignatures = { PNG: '89504e470d0a1a0a', JPEG: 'ffd8ff', GIF: '47494638', TIFF: '49492a00' }

function imageName(start: Buffer, text: string): string | null {
  const found = Object.entries(imageSignatures).find(([, hex]) => begins(start, hex))?.[0]
  const name = found ?? (/^RIFF....WEBP/s.test(text) ? 'WebP' : undefined)
  return name === undefined ? null : `an image (${name})`
}

const kinds: readonly Kind[] = [
  ...zipKinds.map(([pattern, name, advice]): Kind => ({
    name: (start, text) => (begins(start, '504b0304') && pattern.test(text) ? name : null),
    advice,
  })),
  {
    name: (start) => (begins(start, '504b0304') ? 'a ZIP archive' : null),
    advice: 'If a model is in it, unpack it first.',
  },
  {
    name: (start) => (start.subarray(2, 14).toString('hex') === torchMagic ? 'a PyTorch file' : null),
    advice: fromTorch,
  },
  { name: (start) => (start[0] === 0x80 && start[1] >= 2 && start[1] <= 5 ? 'a pickle' : null), advice: fromPython },
  { name: (start) => (begins(start, '894844460d0a1a0a') ? 'an HDF5 file (Keras: .h5)' : null), advice: fromPython },
  { name: (start) => (begins(start, '934e554d5059') ? 'a NumPy array (.npy)' : null), advice: fromNumpy },
  { name: (_, text) => (/^GG(UF|ML|JT)/.test(text) ? 'a GGUF model' : null), advice: fromPython },
  { name: (_, text) => (text.slice(4, 8) === 'TFL3' ? 'a TensorFlow Lite model' : null), advice: fromPython },
  // ModelProto: field 1 is the IR version, then come the producer (2), domain (4), graph (7) or opsets (8).
  {
    name: (start) =>
      start[0] === 0x08 && start[1] < 0x20 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(start[2])
        ? 'a Protocol Buffers file (ONNX, TensorFlow)'
        : null,
    advice: fromPython,
  },
  {
    name: (_, text) =>
      /^version https:\/\/git-lfs/.test(text) ? 'a Git LFS pointer, which stands for the file' : null,
    advice: 'Fetch the file itself: git lfs pull.',
  },
  {
    name: (start) => (begins(start, '1f8b') ? 'a gzip file' : null),
    advice: 'Unpack it first.',
  },
  {
    name: (_, text) => (/^\s*<(!doctype|html|\?xml)/i.test(text) ? 'a web page' : null),
    advice: 'The download may have given a page with an error.',
  },
  {
    name: (_, text) =>
      /^\s*\{/.test(text) && /"weight_map"/.test(text) ? 'the index of several safetensors files' : null,
    advice: 'Give the path of one of the files that it names.',
  },
  {
    name: (_, text) =>
      /^\s*\{/.test(text) && /"(modelTopology|weightsManifest|class_name)"/.test(text)
        ? 'the description of a model (JSON of TensorFlow.js or Keras)'
        : null,
    advice: fromPython,
  },
  {
    name: (_, text) => (/^\s*[[{]\s*["[{\d\]}-]/.test(text) ? 'JSON' : null),
    advice: 'Myelin reads what model.save wrote.',
  },
  { name: (start, text) => imageName(start, text), advice: 'data.readImage reads images.' },
  { name: (_, text) => (text.startsWith('%PDF-') ? 'a PDF document' : null), advice: 'Give the path of a model file.' },
  { name: (_, text) => (isText(text) && isTable(text) ? 'a table (CSV)' : null), advice: 'data.fromCsv reads tables.' },
  { name: (_, text) => (isText(text) ? 'text' : null), advice: 'Give the path of a model file.' },
]

/** A sentence and advice, or null where the bytes may be those of a safetensors file, or of anything. */
export function foreignFile(start: Buffer): string | null {
  // A safetensors file that is damaged: the length of its header, and the header.
  if (start.length > 8 && start.readUInt32LE(4) === 0 && start[8] === 0x7b) return null
  const text = start.toString('latin1')
  for (const { name, advice } of kinds) {
    const found = name(start, text)
    if (found !== null) return `${found}. ${advice}`
  }
  return null
}
