/** One project per level of tests, from fast to slow; each file runs what its level names. */
const level = (displayName, overrides = {}) => ({
  displayName,
  testEnvironment: "node",
  testMatch: [`<rootDir>/tests/${displayName}/**/*.test.ts`],
  transform: { "^.+\\.ts$": "@swc/jest" },
  ...overrides,
});

module.exports = {
  projects: [
    level("unit"),
    level("preview"),
    level("okeanos"),
    level("calls", { globalSetup: "<rootDir>/tests/calls/support/install-tools.ts" }),
    level("lab"),
  ],
  testSequencer: "<rootDir>/tests/slowest-first.js",
};
