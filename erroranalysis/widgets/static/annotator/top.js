const WORDS = { p: "pass", f: "fail", d: "deferred", "-": "no verdict" };
const WIDEST_MAP = 400; // more traces than this share a stroke of the map

// Where one is and how far, and the ways to other traces.
class Top {
  constructor({ go, open, jumpTo, search, like, history, help }) {
    this.buttons = {
      previous: button("previous", "←", "Previous trace", () => go(-1)),
      next: button("next", "→", "Next trace", () => go(1)),
      search: button("search", "Search", "Search and filter", () => search()),
      like: button("like", "Like this", "Read traces like this one next", () => like()),
      undo: button("undo", "Undo", "Undo", () => history("undo")),
      redo: button("redo", "Redo", "Redo", () => history("redo")),
    };
    const { previous, next, search: find, like: alike, undo, redo } = this.buttons;
    previous.setAttribute("aria-label", "Previous trace");
    next.setAttribute("aria-label", "Next trace");
    this.place = make("span", { class: "ea-where" });
    this.progress = make("span", { class: "ea-progress" });
    this.map = make("div", { class: "ea-map", role: "img" });
    this.jump = make("input", {
      class: "ea-jump ea-field", type: "text", placeholder: "Go to no. or id", spellcheck: "false",
      "aria-label": "Go to a number or trace id",
    });
    const keys = button("keys", "?", "The keys", () => help());
    keys.setAttribute("aria-label", "Show the keys");
    this.root = make(
      "div", { class: "ea-top" },
      make("div", { class: "ea-nav" }, previous, this.place, next),
      this.progress, find, this.jump, alike, undo, redo, keys, this.map,
    );
    this.jump.addEventListener("keydown", (event) => {
      const to = this.jump.value.trim();
      if (event.key !== "Enter" || !to) return;
      jumpTo(to);
      this.jump.value = "";
    });
    this.map.addEventListener("click", (event) => {
      const place = event.target.dataset?.place;
      if (place !== undefined) open(Number(place));
    });
  }
  rebind(keys) {
    for (const [name, made] of Object.entries(this.buttons)) made.title = `${made.title} (${keys.first(name)})`;
    this.jump.title = `Go to a number or trace id (${keys.first("go")})`;
  }
  show(page) {
    const { total, done, deferred, left, per_hour: speed } = page.progress;
    const parts = [`${done} of ${total} read`];
    if (deferred) parts.push(`${deferred} deferred`);
    if (speed !== null) {
      parts.push(`${Math.round(speed)} an hour`);
      if (left) parts.push(`${this.minutes((left / speed) * 60)} left`);
    }
    this.progress.textContent = parts.join(" · ");
    this.place.textContent = `${page.index + 1} / ${total}`;
    disable(this.buttons.previous, page.index === 0);
    disable(this.buttons.next, page.index === total - 1);
    disable(this.buttons.undo, !page.can_undo);
    disable(this.buttons.redo, !page.can_redo);
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
}
