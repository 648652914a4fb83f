'use strict'

/** A case that cannot run here; the message says why. */
class Skip extends Error {}

module.exports = { Skip }
