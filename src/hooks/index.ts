// Hooks: found by name, copied and loaded once at start.

export { copyHooks, type HooksCopy, startFolder } from './copy.js'
export { type FoundHooks, findHooks, HOOK_NAMES, type HookFile, hasHook, hooksFolder } from './find.js'
export { type LoadedHooks, type LoadOptions, loadHooks } from './load.js'
