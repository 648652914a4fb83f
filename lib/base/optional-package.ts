/** Packages that only some functions need: loaded when one of them is called, and named where they are missing. */
import { StateError } from './errors'

/** Loads the package `name`. StateError that says what needs it and what to install. */
export async function optionalPackage<T>(need: string, name: string, install = name): Promise<T> {
  try {
    return await load<T>(name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new StateError(
      `${need} the optional package '${name}', which is not installed. Run: npm install ${install}`,
      {
        cause: error,
      },
    )
  }
}

async function load<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T
  } catch (error) {
    // In a context of node:vm, such as Jest's, import() is there only where its maker has provided for it.
    const { code } = error as NodeJS.ErrnoException
    if (!code?.startsWith('ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING')) throw error
    return required(name) as T
  }
}

/** In the form in which import() gives it. */
function required(name: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const loaded = require(name) as object
  return '__esModule' in loaded || Symbol.toStringTag in loaded ? loaded : { ...loaded, default: loaded }
}
