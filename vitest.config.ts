import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "cases/**/*.test.ts", "test/**/*.test.ts", "infra/**/*.test.ts"],
    globalSetup: ["test/postgres-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // ends before the test does, so that it says what was waited for
    expect: { poll: { interval: 100, timeout: 40_000 } },
    // two cores, one PostgreSQL: more workers only wait for each other
    maxWorkers: 2,
    // its modules import folders, which Node does not
    server: { deps: { inline: ["dt-sql-parser"] } },
  },
});
