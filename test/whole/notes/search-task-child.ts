/** A search that trains: search.test.ts runs it, kills it and goes on. `node --import tsx search-task-child.ts file` */
import { ridgeSearch } from './search-task'

void ridgeSearch({ file: process.argv[2] })
