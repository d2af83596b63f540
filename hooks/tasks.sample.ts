// The loop claims a task for each iteration, tells the agent which, and completes it when its work has landed.
// Others are markdownLists(), taskGraph(), taskStores() for several of them (docs/tasks.md), gitTasks() and postgresTasks() for several machines, or a store of your own.
// `oompa add tasks` copies this to hooks/tasks.ts.
import { taskFolder } from 'oompa-loompas'

export default taskFolder()
