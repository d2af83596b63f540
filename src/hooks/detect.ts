// Guesses, from the files of a repository in any language, how it is tested.

import type { Files } from '../files/seen.js'
import { installCommand, packageJson } from '../worktrees/dependencies.js'

type Guess = (files: Files) => string | undefined

const has = (files: Files, name: string) => files.read(name) !== undefined

/** The first guess that fits: what a person has written down as the test comes before what a language usually has. */
const TESTS: readonly Guess[] = [
  (files) => packageScript(files, 'test'),
  (files) => (makeTarget(files, 'test') ? 'make test' : undefined),
  (files) =>
    /^test(\s+[^:\n]*)?:/m.test(files.read('justfile') ?? files.read('Justfile') ?? '') ? 'just test' : undefined,
  (files) => (usesPytest(files) ? `${python(files)}pytest` : undefined),
  (files) => (has(files, 'Cargo.toml') ? 'cargo test' : undefined),
  (files) => (has(files, 'go.mod') ? 'go test ./...' : undefined),
  (files) => (has(files, 'mix.exs') ? 'mix test' : undefined),
  (files) => (has(files, 'deno.json') || has(files, 'deno.jsonc') ? 'deno test' : undefined),
  (files) => (has(files, 'gradlew') ? './gradlew test' : undefined),
  (files) => (has(files, 'mvnw') ? './mvnw -q test' : has(files, 'pom.xml') ? 'mvn -q test' : undefined),
  (files) => (files.list('.').some((name) => /\.(sln|slnx|csproj|fsproj)$/.test(name)) ? 'dotnet test' : undefined),
  (files) => (has(files, 'Gemfile') && files.list('spec').length > 0 ? 'bundle exec rspec' : undefined),
  (files) => (has(files, 'Rakefile') ? 'bundle exec rake test' : undefined),
  (files) => (has(files, 'composer.json') && files.list('tests').length > 0 ? 'composer test' : undefined),
  (files) => (has(files, 'Package.swift') ? 'swift test' : undefined),
  (files) => (has(files, 'project.clj') ? 'lein test' : undefined),
]

/** The command that tests this repository, or undefined. Pure but for `files`. */
export function testCommand(files: Files): string | undefined {
  return first(TESTS, files)
}

function first(guesses: readonly Guess[], files: Files): string | undefined {
  for (const guess of guesses) {
    const command = guess(files)
    if (command !== undefined) return command
  }
  return undefined
}

function packageScript(files: Files, name: string): string | undefined {
  const { scripts } = packageJson(files)
  const script: unknown = typeof scripts === 'object' && scripts !== null ? Reflect.get(scripts, name) : undefined
  // What `npm init` writes where there is no test.
  if (typeof script !== 'string' || script.trim() === '' || script.includes('no test specified')) return undefined
  const installer = installCommand(files)?.[0] ?? 'npm'
  if (installer === 'bun') return `bun run ${name}`
  return `${['pnpm', 'yarn'].includes(installer) ? installer : 'npm'} ${name}`
}

function makeTarget(files: Files, name: string): boolean {
  const text = files.read('GNUmakefile') ?? files.read('makefile') ?? files.read('Makefile') ?? ''
  return new RegExp(`^${name}\\s*:(?!=)`, 'm').test(text)
}

function usesPytest(files: Files): boolean {
  if (['pytest.ini', 'conftest.py', 'tests/conftest.py', 'test/conftest.py'].some((name) => has(files, name)))
    return true
  const told = ['pyproject.toml', 'setup.cfg', 'tox.ini', 'requirements.txt', 'requirements-dev.txt', 'Pipfile']
  if (told.some((name) => /\bpytest\b/.test(files.read(name) ?? ''))) return true
  return ['.', 'tests', 'test'].some((folder) =>
    files.list(folder).some((name) => /^test_.+\.py$|.+_test\.py$/.test(name)),
  )
}

function python(files: Files): string {
  if (has(files, 'uv.lock')) return 'uv run '
  if (has(files, 'poetry.lock')) return 'poetry run '
  return 'python3 -m '
}
