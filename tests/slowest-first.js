const Sequencer = require("@jest/test-sequencer").default;

/** Files of minutes, which would otherwise be left for the end, where nothing runs beside them. */
const SLOW = ["tests/okeanos/exchange.test.ts", "tests/okeanos/autoscale.test.ts"];

/** Jest's own order, which goes by the size of files where it has not run them before, but for those. */
module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const place = SLOW.findIndex((file) => path.endsWith(file));
      return place < 0 ? SLOW.length : place;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
