'use strict'
// The order of the rooms of lib/: npm run lint holds it. A room imports only from rooms named before it (and from
// itself); no files import each other in a circle. Types count: a type that points upwards is a thing in the wrong
// room.
const floors = [
  ...['base', 'native', 'graph', 'tensor', 'ops', 'functions'],
  ...['activations', 'initializers', 'regularizers', 'losses', 'metrics', 'schedules', 'optimizers', 'layers', 'data'],
  ...['model/structure', 'model/queue', 'model/programs', 'model/engine.ts'],
  ...['model/data', 'model/infer', 'model/files', 'model/train', 'model'],
  ...['callbacks', 'check', 'search', 'plot'],
]

/**
 * A promise of the public API that opens its room on use: `history.plot(path)` draws without `require('myelin/plot')`.
 */
const historyPlot = { from: '^lib/model/train/history\\.ts$', to: '^lib/plot/' }

/** Derivatives in the op table are made of the builders, and builders look ops up in the table. */
const opTable = '^lib/graph/(primitives/[^/]+|build)\\.ts$'

/** The files of a room; of `model` those that lie directly in it and have no floor of their own. */
function filesOf(name) {
  if (name === 'model') return '^lib/model/(?!engine\\.ts$)[^/]+$'
  return name.endsWith('.ts') ? `^lib/${name.replace('.', '\\.')}$` : `^lib/${name}/`
}

module.exports = {
  forbidden: [
    ...floors.map((name, i) => ({
      name: `${name.replace('/', '-')}-imports-no-room-above`,
      severity: 'error',
      from: { path: filesOf(name), ...(name === 'model/train' && { pathNot: historyPlot.from }) },
      to: { path: [...floors.slice(i + 1).map(filesOf), '^lib/[^/]+$'] },
    })),
    {
      name: 'history-opens-plot-alone',
      severity: 'error',
      from: { path: historyPlot.from },
      to: {
        path: ['callbacks', 'check', 'search', 'plot'].map(filesOf),
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: { path: '^lib/', pathNot: `${opTable}|${historyPlot.from}` },
      to: { circular: true, viaOnly: { pathNot: historyPlot.from } },
    },
    {
      name: 'no-room-unplaced',
      comment: 'a folder of lib that the order above does not name',
      severity: 'error',
      from: {},
      to: { path: '^lib/[^/]+/', pathNot: floors.map(filesOf) },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^lib/',
  },
}
