// Failure modes by typing. They stay out of sight until there are enough notes: names
// that are there from the start are the names that everybody uses.
class Modes {
  constructor({ change }) {
    this.change = change;
    this.names = [];
    this.mine = [];
    this.chips = make("span", { class: "ea-chips" });
    this.input = make("input", {
      class: "ea-field ea-mode-input", type: "text", role: "combobox", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-label": "Failure mode", placeholder: "Type a failure mode",
      spellcheck: "false", autocomplete: "off",
    });
    this.options = make("ul", { class: "ea-options", role: "listbox", "aria-label": "Failure modes", hidden: "" });
    this.key = make("kbd", {});
    this.root = make(
      "div", { class: "ea-modes", hidden: "" },
      make("div", { class: "ea-label" }, make("span", {}, "Failure modes "), this.key),
      this.chips, make("div", { class: "ea-mode-box" }, this.input, this.options),
    );
    this.input.addEventListener("input", () => this.suggest());
    this.input.addEventListener("focus", () => this.suggest());
    this.input.addEventListener("blur", () => this.fold());
    this.input.addEventListener("keydown", (event) => this.press(event));
    // before the field loses the focus, or there would be nothing to click
    this.options.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.take(option.dataset.name);
    });
  }
  show(modes) {
    this.root.hidden = !modes;
    if (!modes) return;
    this.names = modes.all;
    this.mine = modes.mine;
    this.chips.replaceChildren(...this.mine.map((name) => this.chip(name)));
  }
  chip(name) {
    const drop = make("button", { type: "button", class: "ea-drop", "aria-label": `Remove ${name}` }, "×");
    drop.addEventListener("click", () => this.change({ remove: name }));
    return make("span", { class: "ea-chip" }, name, drop);
  }
  suggest() {
    const typed = this.input.value.trim().toLowerCase();
    const fits = this.names.filter(({ name }) => !this.mine.includes(name) && name.toLowerCase().includes(typed));
    const options = fits.slice(0, 8).map(({ name, notes }) => this.option(name, `${name} (${notes})`));
    const known = [...this.names.map(({ name }) => name), ...this.mine];
    if (typed && !known.some((name) => name.toLowerCase() === typed)) {
      options.push(this.option(this.input.value.trim(), `new: ${this.input.value.trim()}`));
    }
    this.options.replaceChildren(...options);
    this.options.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    this.point(0);
  }
  option(name, text) {
    return make("li", { role: "option", "data-name": name, "aria-selected": "false" }, text);
  }
  point(place) {
    const all = [...this.options.children];
    this.pointed = Math.max(0, Math.min(all.length - 1, place));
    for (const [index, option] of all.entries()) option.setAttribute("aria-selected", String(index === this.pointed));
  }
  fold() {
    this.options.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
  take(name) {
    this.input.value = "";
    this.change({ add: name });
    this.fold();
  }
  press(event) {
    if (event.key === "ArrowDown") this.point(this.pointed + 1);
    else if (event.key === "ArrowUp") this.point(this.pointed - 1);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      const chosen = this.options.children[this.pointed];
      if (chosen && !this.options.hidden) this.take(chosen.dataset.name);
    } else if (event.key === "Backspace" && this.input.value === "" && this.mine.length) {
      this.change({ remove: this.mine.at(-1) });
    } else return;
    event.preventDefault();
  }
}
