// One stack: its picture large, the others beside it, what spares the grader, and what it says.

import { byId, category, make, many, say, tag } from "./benchmake.js";
import { badge } from "./benchgallery.js";
import { PictureList } from "./benchlist.js";
import { Panel } from "./benchpanel.js";
import { draw } from "./benchpictures.js";
import { get, post } from "./benchserver.js";

const NAMES = { grey: "grey", blur: "blur", size: "small" };

export class Opened {
  // options: {base, pictures, pictureBase, onTrouble(error)}
  constructor(options) {
    this.options = options;
    this.pictures = options.pictures;
    this.panel = new Panel(options.base, options.pictureBase);
    this.told = null;
    this.at = null;
    this.round = 0;
    this.staged = { tags: [], why: "" };
    this.list = new PictureList(byId("strip"), { onMove: (sha) => this.look(sha), onPicked: () => this._tellPicked() });
    byId("more-members").addEventListener("click", () => this._more());
    for (const button of document.querySelectorAll("[data-measure]")) {
      button.addEventListener("click", () => this.toggle(button.dataset.measure));
    }
  }

  get stack() {
    return this.told?.stack ?? null;
  }

  show(told) {
    this.told = told;
    this.members = [...told.members];
    this.staged = { tags: told.stack.mine?.tags ?? [], why: "" };
    this.list.clear();
    byId("lift-all").checked = false;
    const { contents, occurrences } = told.stack;
    byId("stack-title").textContent = contents > 1
      ? `${many(contents, "picture")} that look alike, ${many(occurrences, "file")}`
      : `One picture, ${many(occurrences, "file")}`;
    this.tellMine();
    this._add(told.members);
    this._showMore(told.more);
    byId("strip").hidden = byId("strip-title").hidden = contents < 2;
    this._tellPicked();
    this.tellStaged();
    this.look(told.stack.leader);
    byId("stack-title").focus({ preventScroll: true });
  }

  close() {
    this.told = null;
    this.at = null;
    this.round += 1;
    this.list.clear();
    this.panel.clear();
    this.cover();
  }

  cover() {
    this.round += 1;
    byId("frame").replaceChildren(make("p", { class: "frame-words" }, "The picture is covered."));
    for (const canvas of document.querySelectorAll("#strip canvas")) canvas.width = 0;
  }

  uncover() {
    if (!this.told) return;
    this.look(this.at ?? this.told.stack.leader);
    for (const item of this.list.root.children) this._thumb(item);
  }

  tellMine() {
    const { mine, state } = this.told.stack;
    const dispute = state === "disagreement" || state === "conflict";
    byId("stack-mine").replaceChildren(...[
      mine ? "You said: " : "You have not graded it.", badge(this.told.stack),
      ...(mine?.tags ?? []).map((one) => make("span", { class: "badge" }, tag(one))),
      dispute ? make("span", { class: "badge badge-lost" }, "In dispute") : null,
    ].filter(Boolean));
  }

  tellStaged() {
    const words = [...this.staged.tags.map(tag), this.staged.why && `“${this.staged.why}”`].filter(Boolean);
    byId("staged").textContent = words.length ? `With the grade: ${words.join(", ")}` : "";
  }

  // What a grade given here is for: selected pictures, else all of the stack.
  get meant() {
    const picked = [...this.list.picked];
    return picked.length ? { contents: picked } : { stacks: [this.told.stack.key] };
  }

  async look(sha) {
    const round = ++this.round;
    this.at = sha;
    this.list.move(sha, { quiet: true });
    this.tellMeasures();
    this.panel.show(sha, this.told.stack);
    const frame = byId("frame");
    frame.setAttribute("aria-busy", "true");
    const size = this.pictures.measures(sha).size ? "small" : "large";
    try {
      const bitmap = await this.pictures.get(sha, size, { soon: true });
      if (round !== this.round) return;
      this.tellMeasures();
      const canvas = make("canvas", { class: "picture", role: "img", "aria-label": this._label(sha) });
      draw(canvas, bitmap);
      frame.replaceChildren(canvas);
    } catch (error) {
      if (round !== this.round || error.name === "AbortError") return;
      frame.replaceChildren(make("p", { class: "frame-words" }, error.words ?? error.message),
        make("button", { type: "button", class: "tool", onclick: () => this.look(sha) }, "Try again"));
    } finally {
      if (round === this.round) frame.removeAttribute("aria-busy");
    }
  }

  async toggle(what) {
    if (!this.told || !this.at) return;
    const all = byId("lift-all").checked;
    const on = this.pictures.measures(this.at)[what];
    const named = all ? { stacks: [this.told.stack.key] } : { contents: [this.at] };
    try {
      await post(`${this.options.base}/lifts`, { ...named, what: [what], back: !on });
      const shas = all ? this.members.map((one) => one.sha256) : [this.at];
      this.pictures.setMeasures(shas, [what], !on);
      say(`${NAMES[what]} is ${on ? "off" : "on"} ${all ? "for the stack" : "for this picture"}.`);
      this.look(this.at);
      const touched = new Set(shas);
      for (const item of this.list.root.children) if (touched.has(item.dataset.key)) this._thumb(item);
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  step(by) {
    if (!this.told) return;
    this.list.step(by);
  }

  tellMeasures() {
    const now = this.pictures.measures(this.at);
    for (const button of document.querySelectorAll("[data-measure]")) {
      const on = now[button.dataset.measure];
      button.setAttribute("aria-pressed", String(on));
      button.querySelector(".measure-state").textContent = on ? "on" : "off";
    }
  }

  _label(sha) {
    const one = this.members.find((other) => other.sha256 === sha);
    const nth = this.members.indexOf(one) + 1;
    const on = this.pictures.measures(sha);
    const spared = Object.keys(NAMES).filter((name) => on[name]).map((name) => NAMES[name]);
    const size = one ? `, ${one.width} by ${one.height}` : "";
    return `Picture ${nth} of ${this.told.stack.contents}${size}; ${spared.join(", ") || "as it is"}`;
  }

  _add(members) {
    for (const one of members) {
      const words = one.distance_bits ? `${one.width} × ${one.height}` : `${one.width} × ${one.height}, same`;
      const mine = one.mine ? category(one.mine.category) : "";
      const item = make("li", { class: "strip-item", "data-key": one.sha256,
        "aria-label": `${one.width} by ${one.height}, ${many(one.occurrences, "file")}${one.deleted ? ", deleted" : ""}${mine ? `, ${mine}` : ""}` },
        make("span", { class: "thumb" }, make("canvas", { "aria-hidden": "true", width: 0, height: 0 }), make("span", { class: "thumb-words" })),
        make("span", { class: "pick-box", "aria-hidden": "true" }),
        make("span", { class: "card-line" }, one.sha256 === this.told.stack.leader ? `${one.width} × ${one.height}` : words.replace(", same", "")),
        mine ? make("span", { class: "badge" }, mine) : "");
      this.list.add(item);
      if (this.told.stack.contents > 1) this._thumb(item);
    }
  }

  async _thumb(item) {
    try {
      draw(item.querySelector("canvas"), await this.pictures.get(item.dataset.key, "small"));
      item.querySelector(".thumb-words").textContent = "";
    } catch (error) {
      if (error.name !== "AbortError") item.querySelector(".thumb-words").textContent = error.message;
    }
  }

  async _more() {
    try {
      const more = await get(`${this.options.base}/stacks/${this.told.stack.key}?first=${this.more}`);
      this.members.push(...more.members);
      this._add(more.members);
      this._showMore(more.more);
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  _showMore(more) {
    this.more = more;
    byId("more-members").hidden = more === null;
  }

  _tellPicked() {
    const number = this.list.picked.size;
    byId("strip-title").textContent = number
      ? `In this stack: ${many(number, "picture")} selected, a grade is for these only`
      : "In this stack: a grade is for all of them";
  }
}
