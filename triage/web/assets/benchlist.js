// A list of pictures with one stop for the Tab key: arrows move, Space selects, Shift spans.

export class PictureList {
  // options: {onOpen(key), onPicked(), onMove(key)}; items are <li role="option" data-key>.
  constructor(root, options) {
    this.root = root;
    this.options = options;
    this.picked = new Set();
    this.at = null;
    this.anchor = null;
    root.addEventListener("keydown", (event) => this._key(event));
    root.addEventListener("click", (event) => this._click(event));
    root.addEventListener("dblclick", (event) => {
      const key = this._keyOf(event);
      if (key) options.onOpen?.(key);
    });
  }

  get keys() {
    return [...this.root.children].map((one) => one.dataset.key);
  }

  item(key) {
    return [...this.root.children].find((one) => one.dataset.key === key) ?? null;
  }

  clear() {
    this.root.replaceChildren();
    this.picked.clear();
    this.at = this.anchor = null;
    this.root.removeAttribute("aria-activedescendant");
  }

  add(item) {
    item.id = `${this.root.id}-${item.dataset.key}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    this.root.append(item);
    if (this.at === null) this.move(item.dataset.key, { quiet: true });
  }

  focus() {
    this.root.focus({ preventScroll: true });
    if (this.keys[0] !== this.at) this.item(this.at)?.scrollIntoView({ block: "nearest" });
  }

  move(key, { quiet = false } = {}) {
    const item = this.item(key);
    if (!item) return;
    this.root.querySelector(".at")?.classList.remove("at");
    item.classList.add("at");
    this.at = key;
    this.root.setAttribute("aria-activedescendant", item.id);
    if (!quiet) {
      item.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.options.onMove?.(key);
    }
  }

  pick(keys, on = true) {
    for (const key of keys) {
      if (on) this.picked.add(key);
      else this.picked.delete(key);
      this.item(key)?.setAttribute("aria-selected", String(on));
    }
    this.options.onPicked?.();
  }

  pickNone() {
    this.pick([...this.picked], false);
  }

  // What a grade is for: what is selected, else where one stands.
  get meant() {
    return this.picked.size ? this.keys.filter((key) => this.picked.has(key)) : this.at ? [this.at] : [];
  }

  step(by, { span = false } = {}) {
    const keys = this.keys;
    const to = Math.min(keys.length - 1, Math.max(0, keys.indexOf(this.at) + by));
    if (to < 0) return;
    if (span) this._span(keys[to]);
    else this.anchor = keys[to];
    this.move(keys[to]);
  }

  _span(to) {
    const keys = this.keys;
    const from = keys.indexOf(this.anchor ?? this.at);
    const until = keys.indexOf(to);
    this.anchor ??= this.at;
    this.pick([...this.picked].filter((key) => keys.includes(key)), false);
    this.pick(keys.slice(Math.min(from, until), Math.max(from, until) + 1));
  }

  get columns() {
    const items = [...this.root.children];
    const top = items[0]?.offsetTop;
    const wide = items.findIndex((one) => one.offsetTop !== top);
    return wide < 0 ? Math.max(1, items.length) : wide;
  }

  _key(event) {
    if (event.altKey || event.metaKey) return;
    const span = event.shiftKey;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns, Home: -1e9, End: 1e9 };
    if (event.key in steps && !event.ctrlKey) this.step(steps[event.key], { span });
    else if (event.key === " " && this.at) this.pick([this.at], !this.picked.has(this.at));
    else if (event.key === "Enter" && this.at && this.options.onOpen) this.options.onOpen(this.at);
    else if (event.key.toLowerCase() === "a" && event.ctrlKey) this.pick(this.keys);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  _keyOf(event) {
    return event.target.closest("[role=option]")?.dataset.key;
  }

  _click(event) {
    const key = this._keyOf(event);
    if (!key) return;
    if (event.shiftKey) {
      event.preventDefault();
      this._span(key);
    } else if (event.ctrlKey || event.metaKey || event.target.closest(".pick-box")) {
      this.pick([key], !this.picked.has(key));
      this.anchor = key;
    } else {
      this.anchor = key;
      if (event.target.closest(".open")) this.options.onOpen?.(key);
    }
    this.move(key);
  }
}
