// The command line: finds the command, parses its options, prints what went wrong, and sets the exit status.

import { reportError, STATUS, type Status } from '../errors.js'
import { packageVersion } from '../files/package.js'

/** Runs `oompa <argv>`; gives the exit status. */
export async function main(argv: readonly string[]): Promise<Status> {
  try {
    if (['--version', '-v', 'version'].includes(argv[0] ?? '')) {
      console.log(packageVersion())
      return STATUS.done
    }
    const isRead = (process.stdout.isTTY || process.stderr.isTTY) && !argv.includes('--json')
    if (isRead) (await import('../views/tell.js')).foldConsole()
    const { find, parse } = await import('../cli/parse.js')
    const { root } = await import('./index.js')
    const { flag } = await import('../cli/contract.js')
    const found = await find(root, argv)
    const args = await parse(found)
    if ('help' in args) {
      console.log(args.help)
      return STATUS.done
    }
    const { sayCheckout } = await import('./whose-checkout.js')
    await sayCheckout(argv[0] ?? '', flag(args, 'json'))
    return await found.command.run(args, root)
  } catch (error) {
    return reportError(error)
  }
}
