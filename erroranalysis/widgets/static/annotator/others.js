// What judges and colleagues said: shown only after the own verdict is saved.
class Others {
  constructor({ keep }) {
    this.list = make("ul", { class: "ea-said" });
    this.title = make("div", { class: "ea-label" });
    this.button = make("button", { type: "button", class: "ea-b" });
    this.button.addEventListener("click", () => keep());
    this.root = make(
      "div", { class: "ea-others", role: "group", "aria-label": "What others said", hidden: "" },
      this.title, this.list, this.button,
    );
  }
  show(others, key) {
    this.root.hidden = !others;
    if (!others) return;
    this.title.textContent = others.differ
      ? "Others see it differently. Keep your verdict, or change it."
      : "Others see it the same way.";
    this.root.classList.toggle("ea-differ", others.differ);
    this.button.replaceChildren("Keep ", make("kbd", {}, key));
    const rows = others.said.map(({ who, what, verdict, why }) => make(
      "li", {},
      make("span", { class: `ea-verdict ea-verdict-${verdict}` }, verdict), " ",
      make("strong", {}, who), what ? ` on ${what}` : "",
      why ? make("div", { class: "ea-why", dir: "auto" }, why) : "",
    ));
    this.list.replaceChildren(...rows);
  }
}
