// Tests of the command line run what users run: the built files, made once before the first test.

import { execFileSync } from 'node:child_process'
import { packageRoot } from './oompa.js'

export default function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: packageRoot, stdio: 'inherit' })
}
