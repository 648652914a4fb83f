/** Activations without options that are one op each. */
import * as ops from '../ops'
import { plain } from './activation'

/** z. */
export const linear = plain((z) => z)

/** 1/(1 + e^(−z)), in (0, 1). */
export const sigmoid = plain((z) => ops.sigmoid(z), { limits: [0, 1] })

/** (e^z − e^(−z))/(e^z + e^(−z)), in (−1, 1). */
export const tanh = plain((z) => ops.tanh(z), { limits: [-1, 1] })

/** log(1 + e^z), above 0 (Dugas et al. 2001). */
export const softplus = plain((z) => ops.softplus(z), { limits: [0] })

/** max(0, z); the derivative at 0 is 1. */
export const relu = plain((z) => ops.relu(z), { rectifies: true })

/** e^(z_c)/Σ_k e^(z_k) along the last axis. */
export const softmax = plain((z) => ops.softmax(z), { mixes: true })
