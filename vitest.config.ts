import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "cases/**/*.test.ts", "test/**/*.test.ts", "infra/**/*.test.ts"],
    globalSetup: ["test/harness/postgres-setup.ts"],
    // for what hangs: no test fails because a machine is slow
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // ends before the test does, so that it says what was waited for
    expect: { poll: { interval: 100, timeout: 100_000 } },
    // two cores, one PostgreSQL: more workers only wait for each other
    maxWorkers: 2,
    // its modules import folders, which Node does not
    server: { deps: { inline: ["dt-sql-parser"] } },
  },
});
