// The panel in which a person says pass or fail and why, and reads what became of it.
class Judging {
  constructor({ judge, done, type, leave, modes, others }) {
    this.modes = modes;
    this.held = false;
    this.others = others;
    const verdict = (name, label) => {
      const made = button(name, label, label, () => judge(name));
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
    this.why = make("span", { class: "ea-stratum" });
    this.state = make("span", { class: "ea-state", role: "status" });
    this.message = make("span", { class: "ea-message-line", role: "status" });
    this.alert = make("div", { class: "ea-alert", role: "alert", hidden: "" });
    this.who = make("span", { class: "ea-who" });
    this.root = make(
      "div", { class: "ea-judging", role: "region", "aria-label": "Your verdict" },
      make("div", { class: "ea-verdicts", role: "group", "aria-label": "Verdict" }, ...this.verdicts),
      make(
        "div", { class: "ea-noting" },
        make("div", { class: "ea-label" }, make("span", {}, "Critique "), this.noteKey),
        this.note, this.hint,
      ),
      make("div", { class: "ea-label ea-first-line" }, make("span", {}, "First failure "), this.markKey, this.first),
      make("div", { class: "ea-more-judging" }, modes.root, others.root, this.why),
      this.alert,
      make(
        "div", { class: "ea-foot" },
        this.state, this.message, button("done", "Save and next", "Save and next", () => done()), this.who,
      ),
    );
    this.note.addEventListener("input", () => type());
    this.note.addEventListener("focus", () => { this.note.readOnly = this.held; });
    this.note.addEventListener("blur", (event) => {
      // a verdict takes the note along; anything else saves it now
      if (!event.relatedTarget?.closest?.("[data-verdict], .ea-b-done")) leave();
    });
  }
  rebind(keys) {
    for (const made of this.verdicts) {
      const name = made.dataset.verdict;
      const words = keys.keys.get(name).map((key) => keys.words(key)).join(" or ");
      made.title = `${made.firstChild.textContent} (${words})`;
      made.querySelector("kbd").textContent = keys.first(name);
    }
    this.noteKey.textContent = keys.first("note");
    this.markKey.textContent = keys.first("mark");
    this.modes.key.textContent = keys.first("modes");
    this.keepKey = keys.first("keep");
  }
  // Letters typed now would belong to no trace. Set only where somebody can type: it
  // makes the browser paint, while the next trace is on its way.
  hold(on) {
    this.held = on;
    this.note.readOnly = on && inFocus() === this.note;
  }
  say(text) {
    this.message.textContent = text;
  }
  complain(text) {
    this.alert.textContent = text;
    this.alert.hidden = !text;
  }
  show(page, step) {
    for (const made of this.verdicts) {
      made.setAttribute("aria-pressed", String(made.dataset.verdict === page.annotation?.verdict));
    }
    const mark = page.annotation?.first_failure ?? null;
    const name = step?.querySelector(".ea-step-name")?.textContent ?? mark;
    const what = step || !/^\d+$/.test(mark ?? "") ? "step" : "message";
    this.first.textContent = mark === null ? "not marked" : `${what} ${name}`;
    this.first.classList.toggle("ea-set", mark !== null);
    this.hint.textContent = page.hint ?? "";
    this.modes.show(page.modes);
    this.others.show(page.others, this.keepKey);
    this.why.textContent = page.why ? `Drawn for: ${page.why}` : "";
    this.who.textContent = page.annotator;
  }
  showState(text, kind) {
    // the same words again would be read out again, at every letter of a note
    if (this.state.textContent !== text) this.state.textContent = text;
    this.state.className = `ea-state ea-state-${kind}`;
  }
}
