/** What loadModel and readTensors say of what is no model file. */
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { FormatError, loadModel, readTensors } from '../../../lib'
import { rejected } from '../support'

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(100)])

describe('files that are something else', () => {
  const rows: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['a PNG', png, /expected a safetensors file, got an image \(PNG\)\. data\.readImage reads images\.$/],
    ['a WebP', Buffer.from('RIFF\x10\x02\0\0WEBPVP8 ', 'latin1'), /got an image \(WebP\)/],
    ['a CSV', Buffer.from('size,price\n1,2\n3,4\n'), /got a table \(CSV\)\. data\.fromCsv reads tables\.$/],
    ['a CSV with ;', Buffer.from('size;price;größe\r\n1,5;2;3\r\n'), /got a table \(CSV\)/],
    ['a text', Buffer.from('Dear reader,\nthis is a letter.\n'), /got text\. Give the path of a model file\.$/],
    ['a PDF', Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), /got a PDF document/],
    ['ten zeros', new Uint8Array(10), /is not JSON \(Unexpected end of JSON input\)\. The file is damaged or not safe/],
    ['noise', Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 131) % 256), /not a safetensors file: its first 8/],
  ]
  for (const [what, bytes, message] of rows)
    it(`${what}: its kind, and what reads it`, async () => {
      for (const read of [loadModel, readTensors])
        expect(await rejected(read(bytes)))
          .to.be.instanceOf(FormatError)
          .with.property('message')
          .that.matches(message)
    })

  it('a file URL: that a path is expected, and how to get it', async () => {
    const url = pathToFileURL('/some/model.safetensors') as never
    const { message } = await rejected(loadModel(url))
    expect(message).to.equal(
      'loadModel: expected the path of a model, or its bytes as a Uint8Array, got a URL. ' +
        'Its path: fileURLToPath(url) of node:url.',
    )
  })
})
