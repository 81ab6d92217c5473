// What can be done by key: name, keys, words for the help. Python may rebind each by
// its name. "mod" is Ctrl or ⌘. Keys without a modifier count only outside of text.
const ACTIONS = [
  ["pass", ["1", "p"], "pass, and on to the next without a verdict"],
  ["fail", ["2", "f"], "fail; write why, it is saved as you go"],
  ["defer", ["d"], "defer, and on to the next"],
  ["note", ["n"], "write the note"],
  ["save_and_next", ["mod+enter"], "save the note and go on to the next without a verdict"],
  ["save", ["mod+s"], "save the note and stay"],
  ["mark", ["m"], "mark the message or step in focus as the first failure"],
  ["modes", ["t"], "name failure modes (after 30 notes)"],
  ["keep", ["y"], "keep the verdict, having seen what others said"],
  ["undo", ["u"], "undo, also after a restart"],
  ["redo", ["shift+u"], "redo"],
  ["next", ["arrowright", "j"], "next trace"],
  ["previous", ["arrowleft", "k"], "previous trace"],
  ["next_message", ["shift+j"], "next message"],
  ["previous_message", ["shift+k"], "previous message"],
  ["answer", ["a"], "to the answer"],
  ["steps", ["w"], "to the steps of an agent"],
  ["search", ["/"], "search and filter"],
  ["deferred", ["shift+d"], "next deferred trace"],
  ["like", ["s"], "read traces like this one next"],
  ["go", ["g"], "go to a number or trace id"],
  ["unfold", ["o"], "open or fold all tool calls and prompts"],
  ["up", ["arrowup"], "scroll up"],
  ["down", ["arrowdown"], "scroll down"],
  ["page_up", ["pageup", "shift+space"], "a page up"],
  ["page_down", ["pagedown", "space"], "a page down"],
  ["top", ["home"], "to the top"],
  ["bottom", ["end"], "to the end"],
  ["help", ["?"], "show or hide these keys"],
];
const REPEATING = new Set(["next", "previous", "up", "down", "next_message", "previous_message"]);
const SHOWN = {
  arrowright: "→", arrowleft: "←", arrowup: "↑", arrowdown: "↓", enter: "Enter",
  pageup: "Page ↑", pagedown: "Page ↓", space: "Space", home: "Home", end: "End",
  mod: "Ctrl/⌘", shift: "Shift",
};

class Keys {
  constructor(rebound = {}) {
    this.keys = new Map(ACTIONS.map(([name, keys]) => [name, rebound[name] ?? keys]));
    this.actions = new Map();
    for (const [name, keys] of this.keys) for (const key of keys) this.actions.set(key, name);
  }
  // the name of the action that an event asks for
  action(event) {
    return this.actions.get(this.spell(event));
  }
  spell(event) {
    const key = event.key === " " ? "space" : event.key.toLowerCase();
    const letter = key.length > 1 || key !== key.toUpperCase(); // "?" has its shift in it
    const shift = event.shiftKey && letter ? "shift+" : "";
    return (event.ctrlKey || event.metaKey ? "mod+" : "") + shift + key;
  }
  first(name) {
    return this.words(this.keys.get(name)[0]);
  }
  words(key) {
    return key.split("+").map((part) => SHOWN[part] ?? part).join(" + ");
  }
  help() {
    const rows = ACTIONS.map(([name, , what]) => {
      const keys = this.keys.get(name).map((key) => this.words(key)).join(", ");
      return this.row(keys, what);
    });
    return [...rows, this.row("Esc", "leave the note or the list; the note is saved")];
  }
  row(keys, what) {
    return make("div", { class: "ea-key" }, make("kbd", {}, keys || "no key"), make("span", {}, what));
  }
}
