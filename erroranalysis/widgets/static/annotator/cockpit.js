const AHEAD_MS = 8;
const SOON_MS = 100;

// The parts put together: what a person does, and what is shown of it.
class Cockpit {
  constructor(model) {
    this.wire = new Wire(model, {
      onLate: () => this.run(() => this.refresh()),
      onSlow: (slow) => this.setSlow(slow),
      onDead: (text) => this.die(text),
    });
    this.clock = new Clock();
    this.reading = new Reading(this.wire);
    this.turns = new Turns({
      hold: (on) => this.judging.hold(on), complain: (text) => this.judging.complain(text),
      change: () => this.showState(), go: (step) => this.go(step),
    });
    this.finder = new Finder(this.wire, {
      open: (index) => this.goIndex(index), close: () => this.search(false), run: (act) => this.turns.quietly(act),
    });
    this.modes = new Modes({ change: (change) => this.changeMode(change) });
    this.judging = new Judging({
      judge: (verdict) => this.judge(verdict), done: () => this.saveAndNext(),
      type: () => this.keepDraft(), leave: () => this.run(() => this.saveNote()),
      modes: this.modes, others: new Others({ keep: () => this.keepVerdict() }),
    });
    this.note = this.judging.note;
    this.top = new Top({
      go: (step) => this.go(step), open: (index) => this.goIndex(index), jumpTo: (to) => this.goTo(to),
      search: () => this.search(), like: () => this.moreLike(), history: (kind) => this.history(kind),
      help: () => this.toggleHelp(),
    });
    this.help = new Help({ toggle: (on) => this.toggleHelp(on) });
    this.keys = new Keys();
    this.page = null;
    this.asked = null; // the verdict that was sent and has no answer yet
    this.looked = null; // the page as it was when a key or the pointer went down
    this.build();
    this.listen();
    this.run(async () => {
      const { page } = await this.wire.ask("open", { first: true });
      this.rebind(page.keys);
      this.show(page);
    }, true);
  }

  build() {
    this.reading.root.append(this.finder.root);
    this.root = make(
      "div",
      {
        class: "ea-cockpit", tabindex: "0", role: "group", "aria-label": "Annotator",
        "data-lm-suppress-shortcuts": "true",
      },
      make("div", { class: "ea-frame" }, this.top.root, this.reading.root, this.judging.root),
      this.help.root,
    );
  }

  // the keys are known when the first page is there: Python may have rebound them
  rebind(rebound) {
    this.keys = new Keys(rebound ?? {});
    for (const part of [this.help, this.judging, this.top]) part.rebind(this.keys);
  }

  listen() {
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["keydown", "pointerdown"]) {
      this.root.addEventListener(kind, () => { this.looked = this.page; }, true);
    }
    for (const kind of ["keyup", "keypress", "paste", "copy", "cut"]) {
      this.root.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.root.addEventListener("focusin", (event) => {
      // whoever starts to work here sees all of it, the verdict buttons included
      const from = event.relatedTarget;
      if (!from || !this.root.contains(from)) this.root.scrollIntoView({ block: "nearest" });
    });
    this.onVisibility = () => this.clock.visible(!document.hidden);
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  run(act, moves = false) {
    return this.turns.run(act, moves);
  }

  setSlow(slow) {
    this.slow = slow;
    this.showState();
  }

  die(text) {
    this.turns.failed = true;
    this.judging.complain(text);
    this.showState();
  }

  async refresh() {
    this.show((await this.ask("open")).page);
  }

  ask(kind, fields = {}) {
    return this.wire.ask(kind, { ...fields, have: this.reading.have() });
  }

  // ---- what a person does -------------------------------------------------------

  dirty() {
    return this.page !== null && this.note.value.trim() !== (this.page.annotation?.critique ?? "");
  }

  async submit(verdict, more = {}) {
    this.asked = verdict;
    const mark = verdict === "pass" ? null : this.page.annotation?.first_failure ?? null;
    const { page } = await this.ask("submit", {
      trace_id: this.page.trace_id, verdict, critique: this.note.value, first_failure: mark,
      seconds: Math.round(this.clock.read() * 10) / 10, ...more,
    });
    this.show(page);
  }

  async saveNote() {
    if (this.dirty()) await this.submit(this.asked ?? this.page.annotation?.verdict ?? "defer");
  }

  // The note is saved before its trace is left. What others said may come up with it:
  // whoever did not see that when the key or the pointer went down stays to see it.
  async leave(fields) {
    await this.saveNote();
    const { page, looked } = this;
    const news = page?.others?.differ && looked?.trace_id === page.trace_id && !looked.others;
    this.looked = page;
    if (news) this.judging.say("Others see it differently.");
    else this.show((await this.ask("open", { trace_id: page?.trace_id, ...fields })).page);
  }

  judge(verdict) {
    if (this.turns.moving || !this.page) return;
    if (verdict === "fail") {
      this.run(() => this.submit("fail"));
      this.note.focus();
    } else {
      this.run(() => this.submit(verdict, { then: "next" }), true);
      this.lookAhead(this.page.later);
    }
  }

  saveAndNext() {
    if (this.turns.moving || !this.page) return;
    this.run(() => this.leave({ next: true }), true);
    this.focus(); // after the above: leaving the note saves it as well
  }

  keepVerdict() {
    const said = this.page?.annotation;
    if (this.turns.moving || !said || !this.page.others) return;
    this.run(() => this.submit(said.verdict, { then: "next", keep: true }), true);
    this.focus();
  }

  changeMode(change) {
    if (this.turns.moving || !this.page) return;
    this.run(async () => {
      await this.saveNote();
      this.show((await this.ask("mode", { trace_id: this.page.trace_id, ...change })).page);
    });
  }

  history(kind) {
    this.run(async () => {
      await this.saveNote();
      this.show((await this.ask(kind)).page, true);
    }, true);
  }

  move(fields) {
    this.run(() => this.leave(fields), true);
  }

  // a key that comes while a trace is under way counts when it is there
  go(step) {
    if (!this.page) return;
    if (this.turns.moving) {
      this.turns.steps += step;
      return;
    }
    const index = this.finder.beside(this.page.index, step, this.page.progress.total);
    if (index !== null) this.move({ index });
    else this.judging.say(`This is the ${step < 0 ? "first" : "last"} trace${this.finder.found ? " that was found" : ""}`);
  }

  goIndex(index) {
    if (index !== this.page?.index) this.move({ index });
  }

  goTo(to) {
    this.move({ to });
    this.focus();
  }

  moreLike() {
    if (!this.page) return;
    this.run(async () => {
      await this.saveNote();
      this.judging.say("Looking for traces like this one …");
      this.show((await this.ask("like", { trace_id: this.page.trace_id })).page);
    }, true);
  }

  mark() {
    if (!this.page) return;
    if (this.reading.at === null) {
      this.judging.say(`Click a message or a step first, then press ${this.keys.first("mark")}`);
      return;
    }
    const said = this.page.annotation;
    const same = said?.first_failure === this.reading.at;
    const verdict = same || said?.verdict === "defer" ? said.verdict : "fail";
    const first_failure = same ? null : this.reading.at;
    this.run(() => this.submit(verdict, { first_failure }));
  }

  search(on = !this.finder.shown) {
    this.finder.show(on);
    if (!on) this.focus();
  }

  toggleHelp(on = !this.help.shown) {
    this.help.show(on);
    if (!on) this.focus();
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  // ---- keys ---------------------------------------------------------------------

  key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const name = this.keys.action(event);
    if (this.help.shown) {
      if (event.key === "Escape" || name === "help") this.take(event, () => this.toggleHelp(false));
      else if (event.key === "Tab") this.take(event, () => {}); // there is only one button
      return;
    }
    const command = event.ctrlKey || event.metaKey;
    const typing = event.target.closest("textarea, input, select");
    if (event.key === "Escape") {
      if (typing || this.finder.shown) this.take(event, () => (this.finder.shown && !this.note.matches(":focus") ? this.search(false) : this.focus()));
      return;
    }
    if (!name || event.altKey || (typing && !command)) return;
    const pressing = event.target.closest("button, summary, a");
    if (pressing && (event.key === "Enter" || event.key === " ") && !command) return;
    if (event.repeat && !REPEATING.has(name)) return this.take(event, () => {});
    this.take(event, this.action(name));
  }

  take(event, action) {
    event.preventDefault();
    action();
  }

  action(name) {
    const { reading } = this;
    return {
      pass: () => this.judge("pass"), fail: () => this.judge("fail"), defer: () => this.judge("defer"),
      note: () => this.note.focus(), save_and_next: () => this.saveAndNext(),
      save: () => this.run(() => this.saveNote()), mark: () => this.mark(),
      modes: () => this.toModes(), keep: () => this.keepVerdict(),
      undo: () => this.history("undo"), redo: () => this.history("redo"),
      next: () => this.go(1), previous: () => this.go(-1),
      next_message: () => reading.go(1), previous_message: () => reading.go(-1),
      answer: () => this.or(reading.toAnswer(), "There is no answer in this trace"),
      steps: () => this.or(reading.toSteps(), "This trace has no steps"),
      search: () => this.search(true), deferred: () => this.move({ deferred: true }),
      like: () => this.moreLike(), go: () => this.top.jump.focus(),
      unfold: () => reading.unfold(), help: () => this.toggleHelp(),
      up: () => reading.scroll(-60), down: () => reading.scroll(60),
      page_up: () => reading.scroll(-reading.page()), page_down: () => reading.scroll(reading.page()),
      top: () => reading.scroll(-1e9), bottom: () => reading.scroll(1e9),
    }[name];
  }

  or(found, text) {
    if (!found) this.judging.say(text);
  }

  toModes() {
    if (this.modes.root.hidden) this.judging.say(this.page?.modes_later ?? "");
    else this.modes.input.focus();
  }

  // ---- showing ------------------------------------------------------------------

  show(page, restored = false) {
    const changed = page.trace_id !== this.page?.trace_id;
    const inside = this.root.contains(inFocus());
    this.page = page;
    this.asked = null;
    if (page.html !== undefined) this.reading.keep(page.trace_id, page.html);
    if (changed || page.problem) {
      this.reading.show(page.trace_id, page.problem);
      this.clock.start(page.annotation?.seconds ?? 0);
    }
    if (changed || restored) this.note.value = page.annotation?.critique ?? "";
    this.judging.complain(page.problem ?? "");
    this.judging.say(page.message);
    if (changed) {
      this.bringDraft();
      this.modes.input.value = ""; // what was typed belonged to the trace before
    }
    if (!this.dirty()) drafts.keep(page, null);
    const mark = page.annotation?.first_failure ?? null;
    this.reading.mark(mark);
    this.judging.show(page, mark === null ? null : this.reading.step(mark));
    this.top.show(page);
    this.finder.here(page.index);
    this.showState();
    if (inside && !this.root.contains(inFocus())) this.focus();
    this.lookAhead(page.upcoming);
  }

  // once the trace is shown, or the verdict has reached Python, which is idle while the
  // browser paints
  lookAhead(upcoming) {
    setTimeout(() => !this.wire.dead && this.reading.prefetch(upcoming), AHEAD_MS);
  }

  showState() {
    clearTimeout(this.soon);
    let text = "No verdict yet";
    let kind = "none";
    if (this.turns.pending && this.slow) [text, kind] = ["waiting for the project …", "busy"];
    else if (this.turns.pending) {
      [text, kind] = ["saving …", "busy"];
      // What is quick is not announced: it would flicker, and the browser would paint
      // while the next trace is on its way. But "saved" never stands beside a new act.
      const left = SOON_MS - (performance.now() - this.turns.since);
      if (left > 0 && this.stateKind !== "good") {
        this.soon = setTimeout(() => this.showState(), left);
        return;
      }
    }
    else if (this.turns.failed) [text, kind] = ["not saved", "bad"];
    else if (this.dirty()) [text, kind] = ["note not saved yet", "busy"];
    else if (this.page?.annotation) [text, kind] = [`saved ✓ #${this.page.acts}`, "good"];
    if (!this.page) text = this.turns.failed ? "no kernel" : "loading …";
    this.stateKind = kind;
    this.judging.showState(text, kind);
  }

  keepDraft() {
    if (!this.page) return;
    drafts.keep(this.page, this.dirty() ? this.note.value : null);
    this.showState();
  }

  bringDraft() {
    const draft = drafts.bring(this.page);
    if (draft === null || draft.trim() === this.note.value.trim()) return;
    this.note.value = draft;
    this.judging.say("Text that was not saved is back");
  }

  close() {
    clearTimeout(this.soon);
    this.wire.close();
    this.reading.close();
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}

export default {
  render({ model, el }) {
    const cockpit = new Cockpit(model);
    el.append(cockpit.root);
    return () => cockpit.close();
  },
};
