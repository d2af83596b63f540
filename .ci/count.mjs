// Prints `passed failed skipped` of a vitest report. Where everything is installed, a skipped test counts as failed.

import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { numPassedTests: passed, numPendingTests, numTodoTests } = report
const skipped = numPendingTests + (numTodoTests ?? 0)
const required = process.env.OOMPA_REQUIRE === '1' && process.platform === 'linux'
// A file that cannot be loaded has no tests to fail.
const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)

for (const file of report.testResults) {
  for (const test of file.assertionResults) {
    if (test.status !== 'passed') console.error(`${test.status}: ${file.name}: ${test.fullName}`)
  }
}
for (const file of broken) console.error(`failed: ${file.name}: ${file.message}`)
console.log(passed, report.numFailedTests + broken.length + (required ? skipped : 0), required ? 0 : skipped)
