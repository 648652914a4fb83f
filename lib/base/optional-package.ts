/** Packages that only some functions need: loaded when one of them is called, and named where they are missing. */
import { StateError } from './errors'

/** Loads the package `name`. StateError that says what needs it and what to install. */
export async function optionalPackage<T>(need: string, name: string, install = name): Promise<T> {
  try {
    return (await import(name)) as T
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
