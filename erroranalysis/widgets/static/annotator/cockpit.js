const WORDS = { p: "pass", f: "fail", d: "deferred", "-": "no verdict" };
const AHEAD_MS = 8;
const WIDEST_MAP = 400; // more traces than this share a stroke of the map

class Cockpit {
  constructor(model) {
    this.wire = new Wire(model, {
      onLate: () => this.run(() => this.refresh()),
      onSlow: (slow) => this.setSlow(slow),
      onDead: (text) => this.die(text),
    });
    this.clock = new Clock();
    this.reading = new Reading(this.wire);
    this.finder = new Finder(this.wire, {
      open: (index) => this.goIndex(index), close: () => this.search(false), run: (act) => this.quietly(act),
    });
    this.modes = new Modes({ change: (change) => this.changeMode(change) });
    this.others = new Others({ keep: () => this.keepVerdict() });
    this.keys = new Keys();
    this.page = null;
    this.chain = Promise.resolve();
    this.moving = false;
    this.steps = 0;
    this.pending = 0;
    this.failed = false;
    this.build();
    this.listen();
    this.run(async () => {
      const { page } = await this.wire.ask("open", { first: true });
      this.rebind(page.keys);
      this.show(page);
    }, true);
  }

  // ---- what is on the page ------------------------------------------------------

  button(name, label, title, action) {
    const made = make("button", { type: "button", class: `ea-b ea-b-${name}`, title }, label);
    made.addEventListener("click", () => {
      if (made.getAttribute("aria-disabled") !== "true") action();
    });
    return made;
  }

  build() {
    this.previous = this.button("previous", "←", "Previous trace", () => this.go(-1));
    this.next = this.button("next", "→", "Next trace", () => this.go(1));
    this.previous.setAttribute("aria-label", "Previous trace");
    this.next.setAttribute("aria-label", "Next trace");
    this.place = make("span", { class: "ea-where" });
    this.progress = make("span", { class: "ea-progress" });
    this.why = make("span", { class: "ea-stratum" });
    this.map = make("div", { class: "ea-map", role: "img" });
    this.jump = make("input", {
      class: "ea-jump ea-field", type: "text", placeholder: "Go to no. or id", spellcheck: "false",
      "aria-label": "Go to a number or trace id",
    });
    this.searching = this.button("search", "Search", "Search and filter", () => this.search());
    this.like = this.button("like", "Like this", "Read traces like this one next", () => this.moreLike());
    this.undo = this.button("undo", "Undo", "Undo", () => this.history("undo"));
    this.redo = this.button("redo", "Redo", "Redo", () => this.history("redo"));
    const keys = this.button("keys", "?", "The keys", () => this.toggleHelp());
    keys.setAttribute("aria-label", "Show the keys");
    const top = make(
      "div", { class: "ea-top" },
      make("div", { class: "ea-nav" }, this.previous, this.place, this.next),
      this.progress, this.searching, this.jump, this.like, this.undo, this.redo, keys, this.map,
    );
    this.reading.root.append(this.finder.root);
    this.help = this.buildHelp();
    this.root = make(
      "div",
      {
        class: "ea-cockpit", tabindex: "0", role: "group", "aria-label": "Annotator",
        "data-lm-suppress-shortcuts": "true",
      },
      make("div", { class: "ea-frame" }, top, this.reading.root, this.buildJudging()),
      this.help,
    );
  }

  buildJudging() {
    const verdict = (name, label) => {
      const made = this.button(name, label, label, () => this.judge(name));
      made.dataset.verdict = name;
      made.append(make("kbd", {}));
      return made;
    };
    this.verdicts = [verdict("pass", "Pass"), verdict("fail", "Fail"), verdict("defer", "Defer")];
    this.first = make("span", { class: "ea-first-text" });
    this.noteKey = make("kbd", {});
    this.markKey = make("kbd", {});
    this.hint = make("div", { class: "ea-hint", role: "status" });
    this.note = make("textarea", {
      class: "ea-note-box", rows: "6", "aria-label": "Critique",
      placeholder: "What went wrong, or right? Write it so that a new colleague sees it too.",
    });
    this.state = make("span", { class: "ea-state", role: "status" });
    this.message = make("span", { class: "ea-message-line", role: "status" });
    this.alert = make("div", { class: "ea-alert", role: "alert", hidden: "" });
    this.who = make("span", { class: "ea-who" });
    const done = this.button("done", "Save and next", "Save and next", () => this.saveAndNext());
    return make(
      "div", { class: "ea-judging", role: "region", "aria-label": "Your verdict" },
      make("div", { class: "ea-verdicts", role: "group", "aria-label": "Verdict" }, ...this.verdicts),
      make(
        "div", { class: "ea-noting" },
        make("div", { class: "ea-label" }, make("span", {}, "Critique "), this.noteKey),
        this.note, this.hint,
      ),
      make("div", { class: "ea-label ea-first-line" }, make("span", {}, "First failure "), this.markKey, this.first),
      make("div", { class: "ea-more-judging" }, this.modes.root, this.others.root, this.why),
      this.alert,
      make("div", { class: "ea-foot" }, this.state, this.message, done, this.who),
    );
  }

  buildHelp() {
    this.helpList = make("div", { class: "ea-keys" });
    return make(
      "div", { class: "ea-help", role: "dialog", "aria-modal": "true", "aria-label": "The keys", hidden: "" },
      make("div", { class: "ea-help-box" }, make("strong", {}, "Keys"), this.helpList,
        make("p", {}, "Letters typed in the note are letters. A note without a verdict is saved as deferred."),
        this.button("close", "Close", "Close (Esc)", () => this.toggleHelp(false))),
    );
  }

  // the keys are known when the first page is there: Python may have rebound them
  rebind(rebound) {
    this.keys = new Keys(rebound ?? {});
    this.helpList.replaceChildren(...this.keys.help());
    for (const button of this.verdicts) {
      const name = button.dataset.verdict;
      const words = this.keys.keys.get(name).map((key) => this.keys.words(key)).join(" or ");
      button.title = `${button.firstChild.textContent} (${words})`;
      button.querySelector("kbd").textContent = this.keys.first(name);
    }
    const titled = { previous: this.previous, next: this.next, search: this.searching, like: this.like, undo: this.undo, redo: this.redo };
    for (const [name, button] of Object.entries(titled)) button.title = `${button.title} (${this.keys.first(name)})`;
    this.noteKey.textContent = this.keys.first("note");
    this.markKey.textContent = this.keys.first("mark");
    this.modes.key.textContent = this.keys.first("modes");
    this.jump.title = `Go to a number or trace id (${this.keys.first("go")})`;
  }

  listen() {
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["keyup", "keypress", "paste", "copy", "cut"]) {
      this.root.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.root.addEventListener("focusin", (event) => {
      // whoever starts to work here sees all of it, the verdict buttons included
      const from = event.relatedTarget;
      if (!from || !this.root.contains(from)) this.root.scrollIntoView({ block: "nearest" });
    });
    this.note.addEventListener("input", () => this.keepDraft());
    this.note.addEventListener("blur", (event) => {
      // a verdict takes the note along; anything else saves it now
      if (!event.relatedTarget?.closest?.("[data-verdict], .ea-b-done")) this.run(() => this.saveNote());
    });
    this.jump.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.jump.value.trim()) this.goTo(this.jump.value.trim());
    });
    this.map.addEventListener("click", (event) => {
      const place = event.target.dataset?.place;
      if (place !== undefined) this.goIndex(Number(place));
    });
    this.onVisibility = () => this.clock.visible(!document.hidden);
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  // ---- one thing after the other ------------------------------------------------

  // Acts run in order. While one that changes the trace is under way nothing else
  // starts: a second key would judge a trace that nobody has seen.
  run(act, moves = false) {
    if (this.moving) return this.chain;
    if (moves) this.hold(true);
    this.pending += 1;
    this.showState();
    this.chain = this.chain
      .then(act)
      .then(() => this.settle(null, moves), (error) => this.settle(error, moves));
    return this.chain;
  }

  settle(error, moves) {
    if (moves) this.hold(false);
    this.pending -= 1;
    this.failed = error !== null;
    if (error) this.complain(error.message);
    this.showState();
    if (moves && this.steps !== 0) {
      const step = Math.sign(this.steps);
      this.steps = error ? 0 : this.steps - step;
      if (!error) this.go(step);
    }
  }

  // a look that changes nothing: it waits for no act, and a failure is only said
  async quietly(act) {
    try {
      await act();
    } catch (error) {
      this.complain(error.message);
    }
  }

  hold(on) {
    this.moving = on;
    this.note.readOnly = on; // letters typed now would belong to no trace
  }

  complain(text) {
    this.alert.textContent = text;
    this.alert.hidden = !text;
  }

  setSlow(slow) {
    this.slow = slow;
    this.showState();
  }

  die(text) {
    this.failed = true;
    this.complain(text);
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
    const mark = verdict === "pass" ? null : this.page.annotation?.first_failure ?? null;
    const { page } = await this.ask("submit", {
      trace_id: this.page.trace_id, verdict, critique: this.note.value, first_failure: mark,
      seconds: Math.round(this.clock.read() * 10) / 10, ...more,
    });
    this.show(page);
  }

  async saveNote() {
    if (this.dirty()) await this.submit(this.page.annotation?.verdict ?? "defer");
  }

  judge(verdict) {
    if (this.moving || !this.page) return;
    if (verdict === "fail") {
      this.run(() => this.submit("fail"));
      this.note.focus();
    } else {
      this.run(() => this.submit(verdict, { then: "next" }), true);
      this.lookAhead(this.page.later);
    }
  }

  saveAndNext() {
    if (this.moving || !this.page) return;
    this.run(async () => {
      await this.saveNote();
      this.show((await this.ask("open", { next: true, trace_id: this.page.trace_id })).page);
    }, true);
    this.focus(); // after the above: leaving the note saves it as well
  }

  keepVerdict() {
    const said = this.page?.annotation;
    if (this.moving || !said || !this.page.others) return;
    this.run(() => this.submit(said.verdict, { then: "next", keep: true }), true);
    this.focus();
  }

  changeMode(change) {
    if (this.moving || !this.page) return;
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
    this.run(async () => {
      await this.saveNote();
      this.show((await this.ask("open", fields)).page);
    }, true);
  }

  // a key that comes while a trace is under way counts when it is there
  go(step) {
    if (!this.page) return;
    if (this.moving) {
      this.steps += step;
      return;
    }
    const index = this.finder.beside(this.page.index, step, this.page.progress.total);
    if (index !== null) this.move({ index });
    else this.message.textContent = `This is the ${step < 0 ? "first" : "last"} trace${this.finder.found ? " that was found" : ""}`;
  }

  goIndex(index) {
    if (index !== this.page?.index) this.move({ index });
  }

  goTo(to) {
    this.move({ to });
    this.jump.value = "";
    this.focus();
  }

  moreLike() {
    if (!this.page) return;
    this.run(async () => {
      await this.saveNote();
      this.message.textContent = "Looking for traces like this one …";
      this.show((await this.ask("like", { trace_id: this.page.trace_id })).page);
    }, true);
  }

  mark() {
    if (!this.page) return;
    if (this.reading.at === null) {
      this.message.textContent = `Click a message or a step first, then press ${this.keys.first("mark")}`;
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

  toggleHelp(on = this.help.hidden) {
    this.help.hidden = !on;
    if (on) this.help.querySelector("button").focus({ preventScroll: true });
    else this.focus();
    this.help.scrollTop = 0;
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  // ---- keys ---------------------------------------------------------------------

  key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const name = this.keys.action(event);
    if (!this.help.hidden) {
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
      like: () => this.moreLike(), go: () => this.jump.focus(),
      unfold: () => reading.unfold(), help: () => this.toggleHelp(),
      up: () => reading.scroll(-60), down: () => reading.scroll(60),
      page_up: () => reading.scroll(-reading.page()), page_down: () => reading.scroll(reading.page()),
      top: () => reading.scroll(-1e9), bottom: () => reading.scroll(1e9),
    }[name];
  }

  or(found, text) {
    if (!found) this.message.textContent = text;
  }

  toModes() {
    if (this.modes.root.hidden) this.message.textContent = this.page?.modes_later ?? "";
    else this.modes.input.focus();
  }

  // ---- showing ------------------------------------------------------------------

  show(page, restored = false) {
    const changed = page.trace_id !== this.page?.trace_id;
    const inside = this.root.contains(document.activeElement);
    this.page = page;
    if (page.html !== undefined) this.reading.keep(page.trace_id, page.html);
    if (changed || page.problem) {
      this.reading.show(page.trace_id, page.problem);
      this.clock.start(page.annotation?.seconds ?? 0);
    }
    if (changed || restored) this.note.value = page.annotation?.critique ?? "";
    this.complain(page.problem ?? "");
    this.message.textContent = page.message;
    if (changed) {
      this.bringDraft();
      this.modes.input.value = ""; // what was typed belonged to the trace before
    }
    if (!this.dirty()) this.storeDraft(null);
    this.showVerdict(page);
    this.showProgress(page);
    this.showState();
    if (inside && !this.root.contains(document.activeElement)) this.focus();
    this.lookAhead(page.upcoming);
  }

  // once the trace is shown, or the verdict has reached Python, which is idle while the
  // browser paints
  lookAhead(upcoming) {
    setTimeout(() => !this.wire.dead && this.reading.prefetch(upcoming), AHEAD_MS);
  }

  showVerdict(page) {
    const said = page.annotation;
    for (const button of this.verdicts) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === said?.verdict));
    }
    const mark = said?.first_failure ?? null;
    this.reading.mark(mark);
    const step = mark === null ? null : this.reading.step(mark);
    const name = step?.querySelector(".ea-step-name")?.textContent ?? mark;
    const what = step || !/^\d+$/.test(mark ?? "") ? "step" : "message";
    this.first.textContent = mark === null ? "not marked" : `${what} ${name}`;
    this.first.classList.toggle("ea-set", mark !== null);
    this.hint.textContent = page.hint ?? "";
    this.modes.show(page.modes);
    this.others.show(page.others, this.keys.first("keep"));
    this.why.textContent = page.why ? `Drawn for: ${page.why}` : "";
  }

  showProgress(page) {
    const { total, done, deferred, left, per_hour: speed } = page.progress;
    const parts = [`${done} of ${total} read`];
    if (deferred) parts.push(`${deferred} deferred`);
    if (speed !== null) {
      parts.push(`${Math.round(speed)} an hour`);
      if (left) parts.push(`${this.minutes((left / speed) * 60)} left`);
    }
    this.progress.textContent = parts.join(" · ");
    this.place.textContent = `${page.index + 1} / ${total}`;
    this.who.textContent = page.annotator;
    this.disable(this.previous, page.index === 0);
    this.disable(this.next, page.index === total - 1);
    this.disable(this.undo, !page.can_undo);
    this.disable(this.redo, !page.can_redo);
    this.finder.here(page.index);
    this.showMap(page);
  }

  minutes(count) {
    return count < 90 ? `${Math.max(1, Math.round(count))} min` : `${(count / 60).toFixed(1)} h`;
  }

  showMap(page) {
    this.map.setAttribute("aria-label", this.progress.textContent);
    const step = Math.ceil(page.verdicts.length / WIDEST_MAP);
    const count = Math.ceil(page.verdicts.length / step);
    // what is there stays: to lay out hundreds of new cells takes longer than a trace
    while (this.map.children.length > count) this.map.lastChild.remove();
    while (this.map.children.length < count) this.map.append(make("span", {}));
    for (const [nth, cell] of [...this.map.children].entries()) {
      const place = nth * step;
      const letters = page.verdicts.slice(place, place + step);
      const letter = [..."fdp-"].find((one) => letters.includes(one));
      const here = page.index >= place && page.index < place + step ? " ea-here" : "";
      const look = `ea-cell ea-cell-${letter === "-" ? "none" : letter}${here}`;
      if (cell.className === look && cell.dataset.place === String(place)) continue;
      cell.className = look;
      cell.title = `${place + 1}: ${WORDS[letter]}`;
      cell.dataset.place = place;
    }
  }

  // not the attribute "disabled": a button that loses focus would let keys out
  disable(button, on) {
    button.setAttribute("aria-disabled", String(on));
  }

  showState() {
    let text = "No verdict yet";
    let kind = "none";
    if (this.pending && this.slow) [text, kind] = ["waiting for the project …", "busy"];
    else if (this.pending) [text, kind] = ["saving …", "busy"];
    else if (this.failed) [text, kind] = ["not saved", "bad"];
    else if (this.dirty()) [text, kind] = ["note not saved yet", "busy"];
    else if (this.page?.annotation) [text, kind] = [`saved ✓ #${this.page.acts}`, "good"];
    if (!this.page) text = this.failed ? "no kernel" : "loading …";
    this.state.textContent = text;
    this.state.className = `ea-state ea-state-${kind}`;
  }

  // ---- text that is not saved yet outlives a reload of the tab --------------------

  draftKey() {
    return `erroranalysis:${this.page.project}:${this.page.annotator}:${this.page.trace_id}`;
  }

  storeDraft(text) {
    try {
      if (text === null) sessionStorage.removeItem(this.draftKey());
      else sessionStorage.setItem(this.draftKey(), text);
    } catch {
      // no storage in this browser: the text is in the box, nowhere else
    }
  }

  keepDraft() {
    if (!this.page) return;
    this.storeDraft(this.dirty() ? this.note.value : null);
    this.showState();
  }

  bringDraft() {
    let draft = null;
    try {
      draft = sessionStorage.getItem(this.draftKey());
    } catch {
      return;
    }
    if (draft === null || draft.trim() === this.note.value.trim()) return;
    this.note.value = draft;
    this.message.textContent = "Text that was not saved is back";
  }

  close() {
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
