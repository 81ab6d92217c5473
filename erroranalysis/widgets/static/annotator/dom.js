// The page side of erroranalysis.widgets.annotator, in parts that Python joins in order
// (widgets/annotator.py). It holds no truth: every verdict is sent to Python, and
// "saved" is shown only after Python says that it is committed. Text goes in by
// textContent; only the trace, rendered and sanitised in Python, is HTML.

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes
  return made;
}

function button(name, label, title, action) {
  const made = make("button", { type: "button", class: `ea-b ea-b-${name}`, title }, label);
  made.addEventListener("click", () => {
    if (made.getAttribute("aria-disabled") !== "true") action();
  });
  return made;
}

// not the attribute "disabled": a button that loses focus would let keys out
function disable(made, on) {
  made.setAttribute("aria-disabled", String(on));
}

// what has the focus; marimo keeps a widget in a shadow root, where the document does
// not see it
function inFocus() {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found;
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
