// The keys in words, over everything else.
class Help {
  constructor({ toggle }) {
    this.list = make("div", { class: "ea-keys" });
    this.root = make(
      "div", { class: "ea-help", role: "dialog", "aria-modal": "true", "aria-label": "The keys", hidden: "" },
      make("div", { class: "ea-help-box" }, make("strong", {}, "Keys"), this.list,
        make("p", {}, "Letters typed in the note are letters. A note without a verdict is saved as deferred."),
        button("close", "Close", "Close (Esc)", () => toggle(false))),
    );
  }
  get shown() {
    return !this.root.hidden;
  }
  rebind(keys) {
    this.list.replaceChildren(...keys.help());
  }
  show(on) {
    this.root.hidden = !on;
    if (on) this.root.querySelector("button").focus({ preventScroll: true });
    this.root.scrollTop = 0;
  }
}
