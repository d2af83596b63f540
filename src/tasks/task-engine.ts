// A server of tasks, for those who make it ready and for the machines that share it: what stands beside its store.

/** How a server of tasks is made ready, and how it is. */
export interface TaskEngine {
  /** @throws OompaError `store-away` where it cannot be reached */
  status(): Promise<EngineStatus>
  /**
   * Brings what the tasks stand in up to the version of this oompa.
   * @param options.grant a role that may do from then on what a worker does, and nothing else
   * @returns the versions that were made; none where it was up to date
   */
  migrate(options?: { readonly grant?: string }): Promise<readonly number[]>
  /** The same engine by another URL, such as that of its owner. */
  at(url: string): TaskEngine
  readonly machines: EngineMachines
}

/** Tickets for landing on a target, first come, first served. */
export interface LaneTickets {
  /** Takes a ticket, or renews it; those that lapsed are passed over. */
  lane(request: LaneRequest): Promise<LaneAnswer>
  leaveLane(ticket: string): Promise<void>
}

/** The machines that work on the tasks of an engine, and what their swarms do. */
export interface EngineMachines extends LaneTickets {
  /** Says that a swarm of a machine lives, what it is, and what its log has grown by. */
  beat(beat: MachineBeat): Promise<{
    /** The machine is to begin nothing more. */
    readonly drained: boolean
    /** How many lines of the swarm's log are there. */
    readonly have: number
  }>
  list(): Promise<readonly MachineState[]>
  /** Has a machine end its work gently, or lets it work again; false if none of this name is there. */
  drain(host: string, wanted: boolean): Promise<boolean>
  /** Some lines of logs after those that are had, by swarm; none when there are no more. */
  eventsAfter(have: Readonly<Record<string, number>>): Promise<readonly EngineLine[]>
}

export interface LaneRequest {
  readonly target: string
  readonly swarm: string
  readonly host: string
  readonly leaseMs: number
  readonly ticket?: string
  /** What this swarm offers to those before it; as it was, unless given. */
  readonly offers?: readonly object[]
  /** Ends the call, where that may take long. */
  readonly signal?: AbortSignal
}

export interface LaneAnswer {
  readonly ticket: string
  /** How many tickets are before it. */
  readonly ahead: number
  /** What other swarms behind it offer, in their order: whatever they say. */
  readonly offered: readonly unknown[]
}

export interface MachineBeat {
  readonly host: string
  readonly swarm: string
  /** Undefined when the swarm has ended. */
  readonly facts?: MachineFacts
  /** The number of the first of these lines in the log, from 0. */
  readonly first: number
  readonly lines: readonly string[]
}

export interface MachineFacts {
  readonly version: string
  readonly workers: number
  /** The agents that work here, `claude:opus`. */
  readonly agents: readonly string[]
  readonly labels: readonly string[]
  /** Of the last minute, and how many processors there are. */
  readonly load: number
  readonly cores: number
}

export interface MachineState {
  readonly host: string
  readonly swarm: string
  readonly joinedAt: string
  readonly silentMs: number
  readonly drained: boolean
  readonly facts: MachineFacts
  readonly work: readonly { readonly task: string; readonly worker: string }[]
}

export interface EngineLine {
  readonly swarm: string
  readonly number: number
  readonly host: string
  readonly line: string
}

export interface EngineStatus {
  /** Host and database, without a password. */
  readonly server: string
  /** What it is, with its version. */
  readonly engine: string
  readonly schema: string
  /** The version of the schema; missing where there is none yet. */
  readonly version?: number
  /** The version that this oompa works with. */
  readonly ownVersion: number
  /** This machine. */
  readonly host: string
  readonly tasks?: {
    readonly pending: number
    readonly ready: number
    readonly current: number
    readonly complete: number
  }
  /** By how much the clock of this machine is ahead of the server's. */
  readonly clockAheadMs?: number
}
