const PATIENCE_MS = 10_000;
const SLOW_MS = 1_500;
const GONE =
  "The kernel has not answered for 10 seconds: it is busy, or gone. What you typed is" +
  " kept here. After a restart, run this cell again.";
const DEAD =
  "The kernel is gone. All that was shown as saved is saved; what you typed is kept" +
  " here. Restart the kernel and run this cell again.";
const UNSENT =
  "The notebook does not reach its kernel. What you typed is kept here; try again when" +
  " it is back.";

// One question, one answer. Every view has its own ids, since all views of a widget
// hear all answers.
class Wire {
  constructor(model, { onLate, onSlow, onDead }) {
    this.model = model;
    this.onLate = onLate;
    this.onSlow = onSlow;
    this.view = Math.random().toString(36).slice(2, 10);
    this.count = 0;
    this.waiting = new Map();
    this.dead = false;
    this.receive = this.receive.bind(this);
    model.on("msg:custom", this.receive);
    // where the page tells of its kernel (JupyterLab does), nobody waits for a dead one
    this.kernel = model.widget_manager?.kernel ?? null;
    this.status = (_, status) => {
      if (!["dead", "restarting", "autorestarting", "terminating"].includes(status)) return;
      this.dead = true;
      for (const id of [...this.waiting.keys()]) this.fail(id, DEAD);
      onDead(DEAD);
    };
    this.kernel?.statusChanged?.connect?.(this.status);
  }
  ask(kind, fields = {}) {
    if (this.dead) return Promise.reject(new Error(DEAD));
    const id = `${this.view}-${++this.count}`;
    return new Promise((resolve, reject) => {
      const slow = setTimeout(() => this.onSlow(true), SLOW_MS);
      const timer = setTimeout(() => {
        this.waiting.get(id).late = true;
        reject(new Error(GONE));
      }, PATIENCE_MS);
      this.waiting.set(id, { resolve, reject, timer, slow, pieces: [], late: false });
      // marimo sends by a request that can fail, and says so by a promise
      const sent = new Promise((done) => done(this.model.send({ id, kind, ...fields })));
      sent.catch(() => this.unsent(id));
    });
  }
  receive(message) {
    const entry = this.waiting.get(message?.re);
    if (!entry) return;
    entry.pieces[message.part] = message.text;
    if (Object.keys(entry.pieces).length < message.of) return;
    this.forget(message.re);
    const body = JSON.parse(entry.pieces.join(""));
    if (entry.late) this.onLate();
    else if (body.error) entry.reject(new Error(body.error));
    else entry.resolve(body);
  }
  // it may have arrived all the same: an answer is still heard, as a late one
  unsent(id) {
    const entry = this.waiting.get(id);
    if (!entry || entry.late) return;
    this.calm(entry);
    entry.late = true;
    entry.reject(new Error(UNSENT));
  }
  fail(id, text) {
    const entry = this.waiting.get(id);
    this.forget(id);
    if (!entry.late) entry.reject(new Error(text));
  }
  forget(id) {
    const entry = this.waiting.get(id);
    this.waiting.delete(id);
    this.calm(entry);
  }
  calm(entry) {
    clearTimeout(entry.timer);
    clearTimeout(entry.slow);
    this.onSlow(false);
  }
  close() {
    this.model.off("msg:custom", this.receive);
    this.kernel?.statusChanged?.disconnect?.(this.status);
    for (const entry of this.waiting.values()) {
      clearTimeout(entry.timer);
      clearTimeout(entry.slow);
    }
  }
}
