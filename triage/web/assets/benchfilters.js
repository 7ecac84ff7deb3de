// Queue and filters: offered by the server, kept in the address, told in few words.

import { byId, category, make } from "./benchmake.js";
import { get } from "./benchserver.js";

export class Filters {
  constructor(base, onChange) {
    this.base = base;
    this.onChange = onChange;
    this.form = byId("filters");
    this.queue = byId("queue");
    this.offered = false;
    byId("open-filters").addEventListener("click", () => this.open(this.form.hidden));
    this.queue.addEventListener("change", () => this._changed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._changed();
    });
    this.form.addEventListener("reset", () => setTimeout(() => this._changed()));
  }

  async begin() {
    const kept = new URLSearchParams(location.search);
    if (kept.get("queue")) this.queue.value = kept.get("queue");
    if (!this.queue.value) this.queue.value = "first";
    if ([...kept.keys()].some((name) => name !== "queue")) await this.offer();
    for (const [name, value] of kept) {
      const field = this.form.elements.namedItem(name);
      if (field) field.value = value;
    }
    this._tell();
  }

  async open(wanted) {
    this.form.hidden = !wanted;
    byId("open-filters").setAttribute("aria-expanded", String(wanted));
    if (wanted) {
      await this.offer();
      this.form.elements[0].focus();
    }
  }

  async offer() {
    if (this.offered) return;
    try {
      const found = await get(`${this.base}/filters`);
      this.offered = true;
      const put = (name, values) => this.form.elements.namedItem(name).append(
        ...values.map(([value, words]) => make("option", { value }, words)));
      const plain = (values) => values.map((one) => [one.value, `${one.value} (${one.contents})`]);
      put("set", plain(found.sets));
      put("exhibit", plain(found.exhibits));
      put("camera", plain(found.cameras));
      put("folder", found.folders.map((one) => [one.folder, `${one.folder || "/"} (${one.contents})`]));
      for (const one of found.categories) {
        const option = [...this.form.elements.namedItem("category").options].find((other) => other.value === one.value);
        if (option) option.textContent = `${category(one.value)} (${one.contents} proposed)`;
      }
      for (const name of ["from", "to"]) {
        const field = this.form.elements.namedItem(name);
        if (found.first_day) field.min = found.first_day;
        if (found.last_day) field.max = found.last_day;
      }
    } catch {
      // the filters that need no list still work
    }
  }

  get chosen() {
    return [...new FormData(this.form)].filter(([, value]) => value !== "");
  }

  // What the API is asked.
  query() {
    const asked = new URLSearchParams({ queue: this.queue.value });
    for (const [name, value] of this.chosen) {
      if (name.endsWith("_kb")) asked.set(name.replace("_kb", "_bytes"), Math.round(Number(value) * 1000));
      else asked.set(name, value);
    }
    return asked;
  }

  _tell() {
    const number = this.chosen.length;
    byId("filters-on").textContent = number ? `(${number} on)` : "";
  }

  _changed() {
    this._tell();
    const kept = new URLSearchParams({ queue: this.queue.value });
    for (const [name, value] of this.chosen) kept.set(name, value);
    history.replaceState(null, "", `?${kept}`);
    this.onChange();
  }
}
