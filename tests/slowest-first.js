const Sequencer = require("@jest/test-sequencer").default;

/** Test files that take minutes. By default, Jest could start them last, when no other file runs in parallel. */
const SLOW = ["tests/okeanos/exchange.test.ts", "tests/okeanos/autoscale.test.ts"];

/** Sorts test files in Jest's default order, but puts the files in `SLOW` first. */
module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const place = SLOW.findIndex((file) => path.endsWith(file));
      return place < 0 ? SLOW.length : place;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
