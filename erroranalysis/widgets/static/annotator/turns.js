// Acts run in order. While one that changes the trace is under way nothing else starts:
// a second key would judge a trace that nobody has seen.
class Turns {
  constructor({ hold, complain, change, go }) {
    this.hold = hold;
    this.complain = complain;
    this.change = change;
    this.go = go;
    this.chain = Promise.resolve();
    this.moving = false;
    this.steps = 0; // keys to the next and previous trace that came while one was under way
    this.pending = 0;
    this.since = 0; // when the first of them began
    this.failed = false;
  }
  run(act, moves = false) {
    if (this.moving) return this.chain;
    if (moves) this.move(true);
    if (this.pending === 0) this.since = performance.now();
    this.pending += 1;
    this.change();
    this.chain = this.chain
      .then(act)
      .then(() => this.settle(null, moves), (error) => this.settle(error, moves));
    return this.chain;
  }
  settle(error, moves) {
    if (moves) this.move(false);
    this.pending -= 1;
    this.failed = error !== null;
    if (error) this.complain(error.message);
    this.change();
    if (moves && this.steps !== 0) {
      const step = Math.sign(this.steps);
      this.steps = error ? 0 : this.steps - step;
      if (!error) this.go(step);
    }
  }
  move(on) {
    this.moving = on;
    this.hold(on);
  }
  // a look that changes nothing: it waits for no act, and a failure is only said
  async quietly(act) {
    try {
      await act();
    } catch (error) {
      this.complain(error.message);
    }
  }
}
