const KEPT_PAGES = 12;
const NEAR_PX = 900; // parts that come so near to the screen are fetched

// The trace: what is in focus, the steps beside it, the parts that come later.
class Reading {
  constructor(wire) {
    this.wire = wire;
    this.pages = new Map(); // trace id -> HTML, the oldest first
    this.coming = new Set(); // ids of those that were asked for
    this.at = null; // what is in focus: a message or a step
    this.unfolded = false;
    this.count = make("div", { class: "ea-edge" });
    this.body = make("div", { class: "ea-html" });
    this.pill = make("button", { type: "button", class: "ea-pill", hidden: "" });
    this.scroller = make(
      "div", { class: "ea-reading", role: "region", tabindex: "0", "aria-label": "The trace" },
      this.count, this.body, make("div", { class: "ea-edge" }, "End of the trace"),
    );
    this.root = make("div", { class: "ea-pane" }, this.scroller, this.pill);
    const choose = (event) => this.choose(event.target);
    this.body.addEventListener("click", choose);
    this.body.addEventListener("focusin", choose);
    this.body.addEventListener("toggle", () => this.edges(), true);
    this.scroller.addEventListener("scroll", () => this.edges(), { passive: true });
    this.pill.addEventListener("click", () => this.toAnswer());
    this.resized = new ResizeObserver(() => this.edges());
    this.resized.observe(this.scroller);
    this.near = new IntersectionObserver((seen) => this.fetch(seen), {
      root: this.scroller, rootMargin: `${NEAR_PX}px 0px`,
    });
  }
  close() {
    this.near.disconnect();
    this.resized.disconnect();
  }

  // ---- pages that were fetched before --------------------------------------------

  have() {
    return [...this.pages.keys()];
  }
  keep(traceId, html) {
    this.pages.delete(traceId);
    this.pages.set(traceId, html);
    while (this.pages.size > KEPT_PAGES) this.pages.delete(this.pages.keys().next().value);
  }
  prefetch(traceIds) {
    for (const traceId of traceIds) {
      if (this.pages.has(traceId) || this.coming.has(traceId)) continue;
      this.coming.add(traceId);
      this.wire.ask("prefetch", { trace_id: traceId }).then(
        ({ html }) => this.keep(traceId, html),
        () => {}, // it will be asked for again, and complained about, when it is opened
      ).finally(() => this.coming.delete(traceId));
    }
  }

  // ---- showing -------------------------------------------------------------------

  show(traceId, problem) {
    this.traceId = traceId;
    this.at = null;
    this.near.disconnect();
    this.body.innerHTML = problem ? "" : this.pages.get(traceId) ?? "";
    this.dress(this.body);
    const count = Number(this.body.querySelector("[data-count]")?.dataset.count ?? this.articles().length);
    this.count.textContent = `${count.toLocaleString("en")} message${count === 1 ? "" : "s"}`;
    if (this.unfolded) this.applyFolds();
    this.top();
  }
  // once, before the next frame: to ask for a place lays out the page at that moment
  top() {
    requestAnimationFrame(() => {
      this.scroller.scrollTop = 0;
      this.edges();
    });
  }
  dress(within) {
    for (const one of within.querySelectorAll("article[data-index], li[data-span]")) one.tabIndex = 0;
    for (const one of within.querySelectorAll(".ea-more")) this.near.observe(one);
  }
  articles() {
    return [...this.body.querySelectorAll("article[data-index]")];
  }

  // ---- parts of a long trace come when they are near -------------------------------

  fetch(seen) {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting && !target.dataset.asked) this.fetchPart(target);
    }
  }
  async fetchPart(target) {
    const traceId = this.traceId;
    target.dataset.asked = "true";
    try {
      const { from, to } = target.dataset;
      const { html } = await this.wire.ask("part", { trace_id: traceId, from: Number(from), to: Number(to) });
      if (traceId !== this.traceId) return;
      const part = make("div", { class: "ea-html-part" });
      part.innerHTML = html;
      this.dress(part);
      const above = target.getBoundingClientRect().bottom < this.scroller.getBoundingClientRect().top;
      const before = this.scroller.scrollHeight;
      target.replaceWith(...part.childNodes);
      // what grows above the screen must not push away what is being read
      if (above) this.scroller.scrollTop += this.scroller.scrollHeight - before;
      if (this.unfolded) this.applyFolds();
      this.mark(this.marked);
      this.edges();
    } catch {
      delete target.dataset.asked; // it is asked for again when it comes near again
    }
  }

  // ---- the message or step in focus -----------------------------------------------

  choose(target) {
    const found = target.closest?.("article[data-index], li[data-span]");
    if (!found || !this.body.contains(found)) return;
    this.at = found.dataset.index ?? found.dataset.span;
    this.light(found);
  }
  light(found) {
    for (const old of this.body.querySelectorAll(".ea-at, .ea-linked")) {
      old.classList.remove("ea-at", "ea-linked");
    }
    found.classList.add("ea-at");
    const isStep = found.dataset.span !== undefined && found.dataset.index === undefined;
    const names = (isStep ? found.dataset.messages : found.dataset.span ?? "")?.split(" ").filter(Boolean) ?? [];
    let first = true;
    for (const name of names) {
      const other = isStep ? this.message(name) : this.step(name);
      if (!other) continue;
      other.classList.add("ea-linked");
      if (first) this.bring(other);
      first = false;
    }
  }
  message(index) {
    return this.body.querySelector(`article[data-index="${CSS.escape(index)}"]`);
  }
  step(id) {
    return this.body.querySelector(`li[data-span="${CSS.escape(id)}"]`);
  }
  // make something visible: open what it is folded in, and scroll to it
  bring(element) {
    for (let fold = element.parentElement?.closest("details"); fold; fold = fold.parentElement?.closest("details")) {
      fold.open = true;
    }
    element.scrollIntoView({ block: "nearest" });
  }
  go(by) {
    const focus = inFocus()?.closest?.("li[data-span]");
    const all = focus ? [...this.body.querySelectorAll("li[data-span]")] : this.articles();
    const now = all.findIndex((one) => (one.dataset.index ?? one.dataset.span) === this.at);
    this.focusOn(all[Math.min(all.length - 1, Math.max(0, now + by))]);
  }
  focusOn(element) {
    if (!element) return false;
    this.bring(element);
    element.focus({ preventScroll: true });
    return true;
  }
  toSteps() {
    return this.focusOn(this.body.querySelector("li[data-span]"));
  }
  answer() {
    return this.body.querySelector("article[data-answer]");
  }
  toAnswer() {
    const found = this.answer();
    if (!found) return false;
    this.bring(found);
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
    return true;
  }

  // ---- first failure, folds, edges --------------------------------------------------

  mark(id) {
    this.marked = id;
    for (const one of this.body.querySelectorAll("article[data-index], li[data-span]")) {
      const own = one.dataset.index ?? one.dataset.span;
      one.classList.toggle("ea-first", id !== null && own === id);
    }
  }
  unfold() {
    this.unfolded = !this.unfolded;
    this.applyFolds();
  }
  applyFolds() {
    for (const part of this.body.querySelectorAll("details")) part.open = this.unfolded;
  }
  scroll(by) {
    this.scroller.scrollBy({ top: by });
  }
  page() {
    return this.scroller.clientHeight * 0.85;
  }
  edges() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    const below = scrollTop + clientHeight < scrollHeight - 4;
    this.scroller.classList.toggle("ea-above", scrollTop > 4);
    this.scroller.classList.toggle("ea-below", below);
    const answer = below ? this.answer() : null;
    const top = answer ? answer.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top : 0;
    this.pill.hidden = !answer || top < clientHeight - 24;
    if (!this.pill.hidden) this.pill.textContent = `↓ answer, message ${answer.dataset.index}`;
  }
}
