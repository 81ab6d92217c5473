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
