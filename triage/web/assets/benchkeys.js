// Single keys: off while somebody writes, while a sheet is open, and where the person wants none.

import { byId } from "./benchmake.js";

const KEPT = "triage bench keys";

export class Keys {
  constructor(table) {
    this.table = table;
    const box = byId("keys-on");
    box.checked = sessionStorage.getItem(KEPT) !== "off";
    box.addEventListener("change", () => sessionStorage.setItem(KEPT, box.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => this._pressed(event));
  }

  _pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const single = event.key.length === 1;
    if (single && !byId("keys-on").checked) return;
    if (event.key === "Enter" && event.target.closest("button, a, summary, [role=option]")) return;
    const name = single ? event.key.toUpperCase() : event.key;
    const act = this.table(name);
    if (!act) return;
    event.preventDefault();
    if (event.repeat && single) return;
    act();
  }
}
