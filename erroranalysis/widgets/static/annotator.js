// The page side of erroranalysis.widgets.annotator. It holds no truth: every verdict is
// sent to Python, and "saved" is shown only after Python says that it is committed.
// Text goes in by textContent; only the trace, rendered and sanitised in Python, is HTML.

const PATIENCE_MS = 10_000;
const KEPT_PAGES = 12;

const HELP = [
  ["1 or p", "pass, and on to the next without a verdict"],
  ["2 or f", "fail; write why, it is saved as you go"],
  ["d", "defer, and on to the next"],
  ["n", "write the note"],
  ["Ctrl or ⌘ + Enter", "save the note and go on to the next without a verdict"],
  ["Esc", "leave the note; it is saved"],
  ["m", "mark the message that was clicked or focused as the first failure"],
  ["Shift + j, Shift + k", "next and previous message"],
  ["u, Shift + u", "undo and redo, also after a restart"],
  ["← →, k j", "previous and next trace"],
  ["↑ ↓, Page keys, Space", "scroll the trace"],
  ["o", "open or fold all tool calls and prompts"],
  ["g", "go to a number or trace id"],
  ["?", "show or hide these keys"],
];

const WORDS = { p: "pass", f: "fail", d: "deferred", "-": "no verdict" };

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes
  return made;
}

class Clock {
  constructor() {
    this.start(0);
  }
  start(seconds) {
    this.spent = seconds * 1000;
    this.since = performance.now();
  }
  read() {
    return (this.spent + (this.since === null ? 0 : performance.now() - this.since)) / 1000;
  }
  visible(shown) {
    if (!shown) this.spent = this.read() * 1000;
    this.since = shown ? performance.now() : null;
  }
}

// One question, one answer. Every view has its own ids, since all views of a widget
// hear all answers.
class Wire {
  constructor(model, onLate) {
    this.model = model;
    this.onLate = onLate;
    this.view = Math.random().toString(36).slice(2, 10);
    this.count = 0;
    this.waiting = new Map();
    this.receive = this.receive.bind(this);
    model.on("msg:custom", this.receive);
  }
  ask(kind, fields = {}) {
    const id = `${this.view}-${++this.count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.get(id).late = true;
        reject(
          new Error(
            "The kernel has not answered for 10 seconds: it is busy, or gone. What you" +
              " typed is kept here. After a restart, run this cell again.",
          ),
        );
      }, PATIENCE_MS);
      this.waiting.set(id, { resolve, reject, timer, pieces: [], late: false });
      this.model.send({ id, kind, ...fields });
    });
  }
  receive(message) {
    const entry = this.waiting.get(message?.re);
    if (!entry) return;
    entry.pieces[message.part] = message.text;
    if (Object.keys(entry.pieces).length < message.of) return;
    this.waiting.delete(message.re);
    clearTimeout(entry.timer);
    const body = JSON.parse(entry.pieces.join(""));
    if (entry.late) this.onLate();
    else if (body.error) entry.reject(new Error(body.error));
    else entry.resolve(body);
  }
  close() {
    this.model.off("msg:custom", this.receive);
    for (const entry of this.waiting.values()) clearTimeout(entry.timer);
  }
}

class Cockpit {
  constructor(model) {
    this.wire = new Wire(model, () => this.run(() => this.refresh()));
    this.clock = new Clock();
    this.page = null;
    this.pages = new Map(); // trace id -> HTML, the oldest first
    this.chain = Promise.resolve();
    this.moving = false;
    this.pending = 0;
    this.failed = false;
    this.unfolded = false;
    this.at = null; // the message that was clicked or focused
    this.build();
    this.listen();
    this.run(async () => this.show((await this.wire.ask("open")).page), true);
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
    this.previous = this.button("previous", "←", "Previous trace (← or k)", () => this.go(-1));
    this.next = this.button("next", "→", "Next trace (→ or j)", () => this.go(1));
    this.previous.setAttribute("aria-label", "Previous trace");
    this.next.setAttribute("aria-label", "Next trace");
    this.place = make("span", { class: "ea-where" });
    this.progress = make("span", { class: "ea-progress" });
    this.map = make("div", { class: "ea-map", role: "img" });
    this.jump = make("input", {
      class: "ea-jump", type: "text", placeholder: "Go to no. or id", spellcheck: "false",
      "aria-label": "Go to a number or trace id", title: "Go to a number or trace id (g)",
    });
    this.undo = this.button("undo", "Undo", "Undo (u)", () => this.history("undo"));
    this.redo = this.button("redo", "Redo", "Redo (Shift + u)", () => this.history("redo"));
    const keys = this.button("keys", "?", "The keys (?)", () => this.toggleHelp());
    keys.setAttribute("aria-label", "Show the keys");
    const top = make(
      "div", { class: "ea-top" },
      make("div", { class: "ea-nav" }, this.previous, this.place, this.next),
      this.progress, this.jump, this.undo, this.redo, keys, this.map,
    );
    this.trace = make("div", { class: "ea-html" });
    this.length = make("div", { class: "ea-edge" });
    this.reading = make(
      "div", { class: "ea-reading", role: "region", tabindex: "0", "aria-label": "The trace" },
      this.length, this.trace, make("div", { class: "ea-edge" }, "End of the trace"),
    );
    this.help = this.buildHelp();
    this.root = make(
      "div",
      {
        class: "ea-cockpit", tabindex: "0", role: "group", "aria-label": "Annotator",
        "data-lm-suppress-shortcuts": "true",
      },
      make("div", { class: "ea-frame" }, top, this.reading, this.buildJudging()),
      this.help,
    );
  }

  buildJudging() {
    const verdict = (name, key, label) => {
      const title = { pass: "Pass (1 or p)", fail: "Fail (2 or f)", defer: "Defer (d)" }[name];
      const made = this.button(name, label, title, () => this.judge(name));
      made.dataset.verdict = name;
      made.append(make("kbd", {}, key));
      return made;
    };
    this.verdicts = [
      verdict("pass", "1", "Pass"), verdict("fail", "2", "Fail"), verdict("defer", "d", "Defer"),
    ];
    this.first = make("span", { class: "ea-first-text" });
    this.note = make("textarea", {
      class: "ea-note-box", rows: "6", "aria-label": "Critique",
      placeholder: "What went wrong, or right? Write it so that a new colleague sees it too.",
    });
    this.state = make("span", { class: "ea-state", role: "status" });
    this.message = make("span", { class: "ea-message-line", role: "status" });
    this.alert = make("div", { class: "ea-alert", role: "alert", hidden: "" });
    this.who = make("span", { class: "ea-who" });
    return make(
      "div", { class: "ea-judging", role: "region", "aria-label": "Your verdict" },
      make("div", { class: "ea-verdicts", role: "group", "aria-label": "Verdict" }, ...this.verdicts),
      make(
        "div", { class: "ea-noting" },
        make("div", { class: "ea-label" }, make("span", {}, "Critique "), make("kbd", {}, "n")),
        this.note,
      ),
      make("div", { class: "ea-label ea-first-line" }, make("span", {}, "First failure "), make("kbd", {}, "m"), this.first),
      this.alert,
      make("div", { class: "ea-foot" }, this.state, this.message, this.who),
    );
  }

  buildHelp() {
    const list = make("dl", {});
    for (const [keys, what] of HELP) list.append(make("dt", {}, keys), make("dd", {}, what));
    const box = make(
      "div", { class: "ea-help", role: "dialog", "aria-label": "The keys", hidden: "" },
      make("div", { class: "ea-help-box" }, make("strong", {}, "Keys"), list,
        make("p", {}, "Letters typed in the note are letters. A note without a verdict is saved as deferred."),
        this.button("close", "Close", "Close (Esc)", () => this.toggleHelp(false))),
    );
    return box;
  }

  listen() {
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["keyup", "keypress"]) {
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
      if (!event.relatedTarget?.closest?.("[data-verdict]")) this.run(() => this.saveNote());
    });
    this.jump.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.jump.value.trim()) this.goTo(this.jump.value.trim());
    });
    this.map.addEventListener("click", (event) => {
      const place = event.target.dataset?.place;
      if (place !== undefined) this.goIndex(Number(place));
    });
    const choose = (event) => this.choose(event.target.closest?.("article[data-index]"));
    this.trace.addEventListener("click", choose);
    this.trace.addEventListener("focusin", choose);
    this.reading.addEventListener("scroll", () => this.edges(), { passive: true });
    this.onVisibility = () => this.clock.visible(!document.hidden);
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  // ---- one thing after the other ------------------------------------------------

  // Acts run in order. While one that changes the trace is under way nothing else
  // starts: a second key would judge a trace that nobody has seen.
  run(act, moves = false) {
    if (this.moving) return;
    if (moves) this.hold(true);
    this.pending += 1;
    this.showState();
    this.chain = this.chain
      .then(act)
      .then(() => this.settle(null, moves), (error) => this.settle(error, moves));
  }

  settle(error, moves) {
    if (moves) this.hold(false);
    this.pending -= 1;
    this.failed = error !== null;
    if (error) this.complain(error.message);
    this.showState();
  }

  hold(on) {
    this.moving = on;
    this.note.readOnly = on; // letters typed now would belong to no trace
  }

  complain(text) {
    this.alert.textContent = text;
    this.alert.hidden = !text;
  }

  async refresh() {
    this.show((await this.wire.ask("open", { have: this.have() })).page);
  }

  have() {
    return [...this.pages.keys()];
  }

  // ---- what a person does -------------------------------------------------------

  dirty() {
    return this.page !== null && this.note.value.trim() !== (this.page.annotation?.critique ?? "");
  }

  async submit(verdict, more = {}) {
    const mark = verdict === "pass" ? null : this.page.annotation?.first_failure ?? null;
    const { page } = await this.wire.ask("submit", {
      trace_id: this.page.trace_id, verdict, critique: this.note.value, first_failure: mark,
      seconds: Math.round(this.clock.read() * 10) / 10, have: this.have(), ...more,
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
    }
  }

  saveAndNext() {
    if (this.moving || !this.page) return;
    this.run(async () => {
      await this.saveNote();
      const ask = { next: true, trace_id: this.page.trace_id, have: this.have() };
      this.show((await this.wire.ask("open", ask)).page);
    }, true);
    this.focus(); // after the above: leaving the note saves it as well
  }

  history(kind) {
    this.run(async () => {
      await this.saveNote();
      const { page } = await this.wire.ask(kind, { have: this.have() });
      this.show(page, true);
    }, true);
  }

  move(fields) {
    this.run(async () => {
      await this.saveNote();
      this.show((await this.wire.ask("open", { ...fields, have: this.have() })).page);
    }, true);
  }

  go(step) {
    if (!this.page) return;
    const index = this.page.index + step;
    if (index >= 0 && index < this.page.progress.total) this.move({ index });
    else this.message.textContent = step < 0 ? "This is the first trace" : "This is the last trace";
  }

  goIndex(index) {
    if (index !== this.page?.index) this.move({ index });
  }

  goTo(to) {
    this.move({ to });
    this.jump.value = "";
    this.focus();
  }

  mark() {
    if (!this.page) return;
    if (this.at === null) {
      this.message.textContent = "Click a message first, then press m";
      return;
    }
    const said = this.page.annotation;
    const same = said?.first_failure === this.at;
    const verdict = same || said?.verdict === "defer" ? said.verdict : "fail";
    const first_failure = same ? null : this.at;
    this.run(() => this.submit(verdict, { first_failure }));
  }

  choose(article) {
    if (!article) return;
    this.at = article.dataset.index;
    for (const old of this.trace.querySelectorAll(".ea-at")) old.classList.remove("ea-at");
    article.classList.add("ea-at");
  }

  step(by) {
    const all = [...this.trace.querySelectorAll("article[data-index]")];
    const now = all.findIndex((article) => article.dataset.index === this.at);
    const next = all[Math.min(all.length - 1, Math.max(0, now + by))];
    if (!next) return;
    const folded = next.parentElement.closest("details");
    if (folded) folded.open = true;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  unfold() {
    this.unfolded = !this.unfolded;
    this.applyFolds();
  }

  applyFolds() {
    for (const part of this.trace.querySelectorAll("details")) part.open = this.unfolded;
  }

  toggleHelp(on = this.help.hidden) {
    this.help.hidden = !on;
    if (on) this.help.querySelector("button").focus();
    else this.focus();
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  // ---- keys ---------------------------------------------------------------------

  key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    const { key } = event;
    const command = event.ctrlKey || event.metaKey;
    const typing = event.target.closest("textarea, input");
    if (command && key === "Enter") return this.take(event, () => this.saveAndNext());
    if (command && key.toLowerCase() === "s") return this.take(event, () => this.run(() => this.saveNote()));
    if (!this.help.hidden) {
      if (key === "Escape" || key === "?") this.take(event, () => this.toggleHelp(false));
      return;
    }
    if (typing) {
      if (key === "Escape") this.take(event, () => this.focus());
      return;
    }
    if (command || event.altKey) return;
    const pressing = event.target.closest("button, summary, a");
    if (pressing && (key === "Enter" || key === " ")) return;
    const action = this.action(key.toLowerCase(), event.shiftKey);
    if (!action) return;
    const again = ["arrowup", "arrowdown", "arrowleft", "arrowright", "j", "k"];
    if (event.repeat && !again.includes(key.toLowerCase())) return this.take(event, () => {});
    this.take(event, action);
  }

  take(event, action) {
    event.preventDefault();
    action();
  }

  action(key, shift) {
    if (shift && (key === "j" || key === "k")) return () => this.step(key === "j" ? 1 : -1);
    const page = this.reading.clientHeight * 0.85;
    const scroll = (by) => () => this.reading.scrollBy({ top: by });
    return {
      1: () => this.judge("pass"), p: () => this.judge("pass"),
      2: () => this.judge("fail"), f: () => this.judge("fail"),
      d: () => this.judge("defer"),
      u: () => this.history(shift ? "redo" : "undo"),
      arrowleft: () => this.go(-1), k: () => this.go(-1),
      arrowright: () => this.go(1), j: () => this.go(1),
      n: () => this.note.focus(), g: () => this.jump.focus(),
      m: () => this.mark(), o: () => this.unfold(), "?": () => this.toggleHelp(),
      arrowup: scroll(-60), arrowdown: scroll(60), pageup: scroll(-page), pagedown: scroll(page),
      " ": scroll(shift ? -page : page), home: scroll(-1e9), end: scroll(1e9),
    }[key];
  }

  // ---- showing ------------------------------------------------------------------

  show(page, restored = false) {
    const changed = page.trace_id !== this.page?.trace_id;
    const inside = this.root.contains(document.activeElement);
    this.page = page;
    if (page.html !== undefined) this.keep(page.trace_id, page.html);
    if (changed || page.problem) this.showTrace(page);
    if (changed || restored) this.note.value = page.annotation?.critique ?? "";
    this.complain(page.problem ?? "");
    this.message.textContent = page.message;
    if (changed) this.bringDraft();
    if (!this.dirty()) this.storeDraft(null);
    this.showVerdict(page);
    this.showProgress(page);
    this.showState();
    if (inside && !this.root.contains(document.activeElement)) this.focus();
    this.prefetch(page.upcoming);
  }

  showTrace(page) {
    this.at = null;
    this.trace.innerHTML = page.problem ? "" : this.pages.get(page.trace_id) ?? "";
    const articles = this.trace.querySelectorAll("article[data-index]");
    for (const article of articles) article.tabIndex = 0;
    this.length.textContent = `${articles.length} message${articles.length === 1 ? "" : "s"}`;
    if (this.unfolded) this.applyFolds();
    this.reading.scrollTop = 0;
    this.clock.start(page.annotation?.seconds ?? 0);
    this.edges();
  }

  showVerdict(page) {
    const said = page.annotation;
    for (const button of this.verdicts) {
      button.setAttribute("aria-pressed", String(button.dataset.verdict === said?.verdict));
    }
    const mark = said?.first_failure ?? null;
    for (const article of this.trace.querySelectorAll("article[data-index]")) {
      article.classList.toggle("ea-first", article.dataset.index === mark);
    }
    this.first.textContent = mark === null ? "not marked" : `message ${mark}`;
    this.first.classList.toggle("ea-set", mark !== null);
  }

  showProgress(page) {
    const { total, done, deferred, per_hour: speed } = page.progress;
    const parts = [`${done} of ${total} read`];
    if (deferred) parts.push(`${deferred} deferred`);
    if (speed !== null) parts.push(`${Math.round(speed)} an hour`);
    this.progress.textContent = parts.join(" · ");
    this.place.textContent = `${page.index + 1} / ${total}`;
    this.who.textContent = page.annotator;
    this.disable(this.previous, page.index === 0);
    this.disable(this.next, page.index === total - 1);
    this.disable(this.undo, !page.can_undo);
    this.disable(this.redo, !page.can_redo);
    this.map.setAttribute("aria-label", this.progress.textContent);
    const cells = [...page.verdicts].map((letter, place) => {
      const here = place === page.index ? " ea-here" : "";
      return make("span", {
        class: `ea-cell ea-cell-${letter === "-" ? "none" : letter}${here}`,
        title: `${place + 1}: ${WORDS[letter]}`, "data-place": place,
      });
    });
    this.map.replaceChildren(...cells);
  }

  // not the attribute "disabled": a button that loses focus would let keys out
  disable(button, on) {
    button.setAttribute("aria-disabled", String(on));
  }

  showState() {
    let text = "No verdict yet";
    let kind = "none";
    if (this.pending) [text, kind] = ["saving …", "busy"];
    else if (this.failed) [text, kind] = ["not saved", "bad"];
    else if (this.dirty()) [text, kind] = ["note not saved yet", "busy"];
    else if (this.page?.annotation) [text, kind] = [`saved ✓ #${this.page.acts}`, "good"];
    if (!this.page) text = this.failed ? "no kernel" : "loading …";
    this.state.textContent = text;
    this.state.className = `ea-state ea-state-${kind}`;
  }

  edges() {
    const { scrollTop, clientHeight, scrollHeight } = this.reading;
    this.reading.classList.toggle("ea-above", scrollTop > 4);
    this.reading.classList.toggle("ea-below", scrollTop + clientHeight < scrollHeight - 4);
  }

  keep(traceId, html) {
    this.pages.delete(traceId);
    this.pages.set(traceId, html);
    while (this.pages.size > KEPT_PAGES) this.pages.delete(this.pages.keys().next().value);
  }

  prefetch(traceIds) {
    for (const traceId of traceIds) {
      if (this.pages.has(traceId)) continue;
      this.wire.ask("prefetch", { trace_id: traceId }).then(
        ({ html }) => this.keep(traceId, html),
        () => {}, // it will be asked for again, and complained about, when it is opened
      );
    }
  }

  // ---- text that is not saved yet outlives a reload of the tab --------------------

  draftKey() {
    return `erroranalysis:${this.page.batch_id}:${this.page.annotator}:${this.page.trace_id}`;
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
