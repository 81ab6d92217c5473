// Text that is not saved yet outlives a reload of the tab.
const drafts = {
  key({ project, annotator, trace_id }) {
    return `erroranalysis:${project}:${annotator}:${trace_id}`;
  },
  keep(page, text) {
    try {
      if (text === null) sessionStorage.removeItem(this.key(page));
      else sessionStorage.setItem(this.key(page), text);
    } catch {
      // no storage in this browser: the text is in the box, nowhere else
    }
  },
  bring(page) {
    try {
      return sessionStorage.getItem(this.key(page));
    } catch {
      return null;
    }
  },
};
