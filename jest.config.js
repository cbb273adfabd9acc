/** Returns the Jest project of a level of tests. The tests of the level are in the folder `tests/<level>/`. */
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
