// What the tools that run tests read before they run any: one row a tool. A new tool is one more row.

/** Files that continuous integration runs: whoever changes them runs code with its secrets, and decides what it tests. */
export const INTEGRATION: readonly string[] = [
  '.github/workflows/**',
  '.github/actions/**',
  '.gitlab-ci.yml',
  '.gitlab/ci/**',
  '.circleci/**',
  '.buildkite/**',
  '.ci/**',
  '.travis.yml',
  '.drone.yml',
  '.woodpecker.yml',
  '.woodpecker/**',
  '.forgejo/workflows/**',
  '.gitea/workflows/**',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  'appveyor.yml',
  '**/Jenkinsfile',
  '**/action.yml',
]

/** Whether a word of a command line (its last part, without folders) is a tool, and what that reads, at any depth. */
export interface TestTool {
  readonly word: RegExp
  readonly reads: readonly string[]
}

/** Those that read the scripts of a `package.json`. */
export const NODE_TOOL =
  /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|node|nodejs|tsx|ts-node|vitest|jest|mocha|ava|karma|playwright|cypress|c8|nyc|turbo|nx|lerna|tsc|wireit|xvfb-maybe)$/

export const TEST_TOOLS: readonly TestTool[] = [
  {
    word: NODE_TOOL,
    reads: [
      'package.json',
      'package-lock.json',
      'npm-shrinkwrap.json',
      'yarn.lock',
      '.yarnrc',
      '.yarnrc.yml',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
      '.pnpmfile.cjs',
      'bun.lock',
      'bun.lockb',
      'bunfig.toml',
      '.npmrc',
      'turbo.json',
      'nx.json',
      'lerna.json',
      'vitest.config.*',
      'vitest.workspace.*',
      'vitest.setup.*',
      'vite.config.*',
      'jest.config.*',
      'jest.setup.*',
      'jest.preset.*',
      'playwright.config.*',
      'playwright-*.config.*',
      'cypress.config.*',
      'karma.conf.*',
      '.mocharc*',
      'ava.config.*',
      '.nycrc*',
      '.c8rc*',
      '.taprc',
      'babel.config.*',
      '.babelrc*',
      '.swcrc',
      'tsconfig.json',
      'tsconfig.*.json',
    ],
  },
  { word: /^g?make$/, reads: ['Makefile', 'GNUmakefile', '*.mk', '*.mak'] },
  { word: /^just$/, reads: ['justfile', '.justfile', '*.just'] },
  { word: /^(task|go-task)$/, reads: ['Taskfile.yml', 'Taskfile.yaml', 'Taskfile.dist.yml', 'Taskfile.dist.yaml'] },
  {
    word: /^(cargo|cross|cargo-nextest)$/,
    reads: ['Cargo.toml', 'Cargo.lock', 'build.rs', '.cargo/**', '.config/nextest.toml', 'rust-toolchain*'],
  },
  {
    word: /^(pytest|py\.test|python[\d.]*|pypy3?|tox|nox|uv|uvx|poetry|pipenv|hatch|pdm|rye|coverage)$/,
    reads: [
      'pyproject.toml',
      'tox.ini',
      'pytest.ini',
      '.pytest.ini',
      'conftest.py',
      'setup.cfg',
      'setup.py',
      'noxfile.py',
      'requirements*.txt',
      'uv.lock',
      'poetry.lock',
      'pdm.lock',
      'Pipfile',
      'Pipfile.lock',
      '.coveragerc',
    ],
  },
  { word: /^(go|gotestsum)$/, reads: ['go.mod', 'go.sum', 'go.work', 'go.work.sum', 'vendor/modules.txt'] },
  {
    word: /^gradlew?$/,
    reads: ['build.gradle*', 'settings.gradle*', 'gradle.properties', 'gradle/**', 'gradlew', 'buildSrc/**'],
  },
  { word: /^mvnw?$/, reads: ['pom.xml', '.mvn/**', 'mvnw'] },
  { word: /^sbt$/, reads: ['build.sbt', 'project/*.sbt', 'project/*.scala', 'project/build.properties'] },
  { word: /^(lein|clj|clojure|bb)$/, reads: ['project.clj', 'deps.edn', 'build.clj', 'tests.edn', 'bb.edn'] },
  {
    word: /^(rake|bundle|rspec|ruby|rails|minitest)$/,
    reads: ['Rakefile', '*.rake', 'Gemfile', 'Gemfile.lock', '.rspec', 'spec_helper.rb', 'test_helper.rb'],
  },
  {
    word: /^(composer|phpunit|pest|php|paratest)$/,
    reads: ['composer.json', 'composer.lock', 'phpunit.xml', 'phpunit.*.xml', 'phpunit.xml.dist', 'Pest.php'],
  },
  { word: /^deno$/, reads: ['deno.json', 'deno.jsonc', 'deno.lock', 'import_map.json'] },
  {
    word: /^(dotnet|msbuild|nuke)$/,
    reads: ['*.csproj', '*.fsproj', '*.sln', '*.slnx', 'Directory.Build.*', 'Directory.Packages.props', 'global.json'],
  },
  { word: /^(mix|rebar3)$/, reads: ['mix.exs', 'mix.lock', 'rebar.config', 'test_helper.exs'] },
  { word: /^(swift|xcodebuild)$/, reads: ['Package.swift', 'Package.resolved', '*.xctestplan'] },
  { word: /^(bazel|bazelisk)$/, reads: ['BUILD', 'BUILD.bazel', 'WORKSPACE*', 'MODULE.bazel', '.bazelrc', '*.bzl'] },
  { word: /^(cmake|ctest|ninja|meson)$/, reads: ['CMakeLists.txt', 'CMakePresets.json', '*.cmake', 'meson.build'] },
  { word: /^nix(-.*)?$/, reads: ['flake.nix', 'flake.lock', 'default.nix', 'shell.nix'] },
  {
    word: /^(docker|podman|docker-compose)$/,
    reads: ['Dockerfile*', '*.dockerfile', 'compose*.y*ml', 'docker-compose*.y*ml'],
  },
  { word: /^pre-commit$/, reads: ['.pre-commit-config.yaml'] },
]
