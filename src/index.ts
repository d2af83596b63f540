// All that hooks and the loop may import.
export type * from './words.js'
