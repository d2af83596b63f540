// How the tests are run. `.ci/run` names a file in OOMPA_TEST_REPORT to take its numbers from.

import { tmpdir } from 'node:os'
import path from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { quickTests } from './test/support/quick.js'

const report = process.env.OOMPA_TEST_REPORT
const quick = process.env.OOMPA_TEST_QUICK === '1'

export default defineConfig({
  test: {
    // `npm run test:quick`: what needs no process needs no build, either.
    include: quick ? quickTests('test') : ['test/**/*.test.ts'],
    // Long plays that are asked for by name (`npm run night`, `npm run fleet`); none of them is a test that was skipped.
    exclude: [
      ...configDefaults.exclude,
      ...(process.env.OOMPA_NIGHT === '1' ? [] : ['test/loop/team.test.ts']),
      ...(process.env.OOMPA_FLEET === '1' ? [] : ['test/tasks/fleet.test.ts']),
    ],
    globalSetup: quick ? [] : ['test/support/build.ts'],
    // A loop of several runs takes seconds; on a loaded machine minutes, which must not fail it.
    testTimeout: 300_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most tests wait for processes: one worker for each core, where vitest would leave one core to itself.
    maxWorkers: '100%',
    // A second try on a machine that others use, too; the report names the tests that needed it. Nowhere else.
    retry: process.env.CI ? 1 : 0,
    // What runs within the tests' own process must not reach the real home, nor take its git configuration from there:
    // a test that passes with somebody's own identity only would fail on a machine that has none.
    env: {
      OOMPA_STATE: path.join(tmpdir(), 'oompa-test-state'),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
    },
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
  resolve: { alias: { 'oompa-loompas': new URL('./src/index.ts', import.meta.url).pathname } },
})
