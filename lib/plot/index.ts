/** Pictures. Needs the optional packages vega and vega-lite, and @resvg/resvg-js for PNG. */
export { historySpec, plotHistory } from './history'
export { renderFile, renderSvg, type VegaLiteSpec } from './render'
