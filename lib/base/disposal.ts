/**
 * `Symbol.dispose`, or what stands for it where a context of node:vm has none (Jest with jsdom on Node.js 20): the
 * symbol that `using` looks for there, as esbuild compiles it.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
