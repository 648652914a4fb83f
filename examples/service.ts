/**
 * A web service that answers predictions while its model goes on learning, and stops cleanly.
 *
 *   npx tsx examples/service.ts            until Ctrl-C; POST rows such as [[0.5, 0.2]] to the address it prints
 *   npx tsx examples/service.ts --once     asks itself a few times and ends
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { AbortError, layers, MyelinError, optimizers, sequential, type DataLike } from 'myelin'

/** Is a point inside the unit circle? */
function examples(rows: number): { x: number[][]; y: number[] } {
  const x = Array.from({ length: rows }, () => [2 * Math.random() - 1, 2 * Math.random() - 1])
  return { x, y: x.map(([a, b]) => Number(a * a + b * b < 0.5)) }
}

async function main(): Promise<void> {
  const { x, y } = examples(20_000)
  using model = sequential({
    inputShape: [2],
    layers: [layers.dense({ units: 256, activation: 'relu' }), layers.dense({ units: 1, activation: 'sigmoid' })],
  })
  model.compile({ optimizer: optimizers.adam(), loss: 'binaryCrossentropy', metrics: ['accuracy'] })

  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new Error('Ctrl-C')))
  const training = model.fit(x, y, {
    epochs: 1_000_000,
    batchSize: 256,
    signal: stop.signal,
    onEpoch: ({ epoch, accuracy }) => {
      if (epoch % 20 === 0) console.log(`epoch ${epoch}: accuracy ${(100 * accuracy).toFixed(1)} %`)
    },
  })

  const server = createServer(async (request, response) => {
    try {
      const probabilities = await model.predict((await json(request)) as DataLike)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(probabilities))
    } catch (error) {
      // The library's messages are fit for whoever sent the rows; anything else is our own fault.
      const theirs = error instanceof MyelinError || error instanceof SyntaxError
      response.writeHead(theirs ? 400 : 500).end(theirs ? error.message : 'internal error')
    }
  })
  await once(server.listen(0), 'listening')
  const address = `http://localhost:${(server.address() as AddressInfo).port}`
  console.log(`predictions at ${address}`)

  if (process.argv.includes('--once')) {
    const ask = (body: unknown) => fetch(address, { method: 'POST', body: JSON.stringify(body) })
    for (const body of [[[0, 0]], [[0.9, 0.9]], [[1, 2, 3]]]) {
      const response = await ask(body)
      console.log(`${JSON.stringify(body)} → ${response.status} ${await response.text()}`)
    }
    stop.abort(new Error('asked enough'))
  }
  await training.catch((error) => {
    if (!(error instanceof AbortError)) throw error
    console.log(`${error.message} (${(error.cause as Error).message})`)
  })
  server.close()
  server.closeAllConnections()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
