const VERDICT_FILTERS = [
  ["", "any verdict"], ["none", "without a verdict"], ["pass", "pass"], ["fail", "fail"],
  ["defer", "deferred"],
];
const FEEDBACK_FILTERS = [
  ["", "any or no feedback"], ["any", "with feedback"], ["negative", "negative feedback"],
  ["positive", "positive feedback"],
];
const TYPING_MS = 160;
const LETTERS = { pass: "p", fail: "f", defer: "d" };

// The list of traces with its filters. While it has a filter, next and previous move
// within what was found.
class Finder {
  constructor(wire, { open, close, run }) {
    this.wire = wire;
    this.open = open;
    this.close = close;
    this.run = run;
    this.found = null; // places, in reading order; null without a filter
    this.text = make("input", {
      type: "search", class: "ea-field", placeholder: "Search messages, notes and ids",
      "aria-label": "Search messages, notes and ids", spellcheck: "false",
    });
    this.verdict = this.select("Verdict", VERDICT_FILTERS);
    this.feedback = this.select("Feedback", FEEDBACK_FILTERS);
    this.metadata = this.select("Metadata", [["", "any metadata"]]);
    this.mode = this.select("Failure mode", [["", "any failure mode"]]);
    this.mode.hidden = true;
    this.said = make("div", { class: "ea-found", role: "status" });
    this.list = make("ol", { class: "ea-list", "aria-label": "Traces" });
    const clear = make("button", { type: "button", class: "ea-b" }, "Clear");
    clear.addEventListener("click", () => this.clear());
    const shut = make("button", { type: "button", class: "ea-b" }, "Close");
    shut.addEventListener("click", () => this.close());
    this.root = make(
      "div", { class: "ea-finder", role: "search", "aria-label": "Search and filter", hidden: "" },
      this.text,
      make("div", { class: "ea-filters" }, this.verdict, this.feedback, this.metadata, this.mode),
      make("div", { class: "ea-found-line" }, this.said, clear, shut),
      this.list,
    );
    this.text.addEventListener("input", () => this.soon());
    for (const select of [this.verdict, this.feedback, this.metadata, this.mode]) {
      select.addEventListener("change", () => this.look());
    }
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("button[data-place]");
      if (row) this.open(Number(row.dataset.place));
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
  }
  select(label, options) {
    const made = make("select", { class: "ea-field", "aria-label": label });
    for (const [value, text] of options) made.append(make("option", { value }, text));
    return made;
  }
  get shown() {
    return !this.root.hidden;
  }
  async show(on) {
    this.root.hidden = !on;
    if (!on) return;
    this.text.focus();
    this.text.select();
    if (!this.facets) await this.run(() => this.fetchFacets());
    this.look();
  }
  async fetchFacets() {
    this.facets = (await this.wire.ask("facets")).facets;
    for (const [name, values] of Object.entries(this.facets.metadata ?? {})) {
      const group = make("optgroup", { label: name });
      for (const [value, count] of Object.entries(values)) {
        group.append(make("option", { value: JSON.stringify([name, value]) }, `${name}: ${value} (${count})`));
      }
      this.metadata.append(group);
    }
    const modes = Object.entries(this.facets.modes ?? {});
    this.mode.hidden = modes.length === 0;
    for (const [name, count] of modes) this.mode.append(make("option", { value: name }, `${name} (${count})`));
  }
  filters() {
    const metadata = this.metadata.value ? Object.fromEntries([JSON.parse(this.metadata.value)]) : null;
    const chosen = {
      text: this.text.value.trim(), verdict: this.verdict.value, feedback: this.feedback.value,
      mode: this.mode.value, metadata,
    };
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value));
  }
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), TYPING_MS);
  }
  look() {
    clearTimeout(this.timer);
    return this.run(async () => {
      const filters = this.filters();
      const asked = JSON.stringify(filters);
      this.asked = asked;
      const { found, total } = await this.wire.ask("find", { filters });
      if (this.asked !== asked) return; // something else was typed meanwhile
      this.found = Object.keys(filters).length ? found.map((one) => one.place) : null;
      this.said.textContent = this.found
        ? `${total.toLocaleString("en")} found; → and ← stay among them`
        : `${total.toLocaleString("en")} traces`;
      this.fill(found);
    });
  }
  fill(found) {
    // a row that goes must not take the focus along: keys would reach the notebook
    const focused = this.list.contains(inFocus()) ? inFocus().dataset.place : null;
    this.list.replaceChildren(...found.map((one) => this.row(one)));
    if (focused === null) return;
    (this.list.querySelector(`button[data-place="${focused}"]`) ?? this.text).focus();
  }
  row(one) {
    const letter = LETTERS[one.verdict] ?? "none";
    const text = one.snippet || one.critique || one.input || one.trace_id;
    const line = make(
      "button", { type: "button", class: "ea-row", "data-place": one.place, title: one.trace_id },
      make("span", { class: `ea-dot ea-cell-${letter}`, "aria-label": one.verdict ?? "no verdict", role: "img" }),
      make("span", { class: "ea-row-place" }, String(one.place + 1)),
      make("span", { class: "ea-row-text", dir: "auto" }, text),
    );
    if (one.why) line.append(make("small", { class: "ea-row-why" }, one.why));
    return make("li", {}, line);
  }
  here(place) {
    for (const row of this.list.querySelectorAll("button")) {
      row.toggleAttribute("aria-current", Number(row.dataset.place) === place);
    }
  }
  clear() {
    this.text.value = "";
    for (const select of [this.verdict, this.feedback, this.metadata, this.mode]) select.value = "";
    this.found = null;
    this.look();
  }
  // the next place in a direction, among what was found
  beside(place, step, total) {
    if (!this.found) return place + step >= 0 && place + step < total ? place + step : null;
    const rest = step > 0 ? this.found.filter((one) => one > place) : this.found.filter((one) => one < place).reverse();
    return rest[0] ?? null;
  }
  key(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.target.matches("select")) return;
    const rows = [...this.list.querySelectorAll("button")];
    const now = rows.indexOf(event.target);
    const next = event.key === "ArrowDown" ? now + 1 : now - 1;
    (rows[next] ?? (next < 0 ? this.text : null))?.focus();
    event.preventDefault();
  }
}
