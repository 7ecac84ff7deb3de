// The grid of stacks: pages of them, pictures as they come into view, grades on what is selected.

import { byId, category, make, many, say, sentence } from "./benchmake.js";
import { PictureList } from "./benchlist.js";
import { draw } from "./benchpictures.js";
import { get } from "./benchserver.js";

const PAGE = 60;

export function badge(stack) {
  const mine = stack.mine;
  if (!mine) return null;
  const part = mine.number < stack.contents ? ` (${mine.number} of ${stack.contents})` : "";
  const words = mine.mixed ? "Different grades" : category(mine.category);
  return make("span", { class: `badge badge-${mine.category.toLowerCase()}` }, `${words}${part}`);
}

export class Gallery {
  // options: {base, pictures, query(), onOpen(key), onLeft(left), onTrouble(error)}
  constructor(options) {
    this.options = options;
    this.stacks = new Map();
    this.next = null;
    this.asked = 0;
    this.list = new PictureList(byId("grid"), {
      onOpen: (key) => options.onOpen(key),
      onPicked: () => this._tellPicked(),
    });
    this.seen = new IntersectionObserver((found) => this._inView(found), { rootMargin: "120px" });
    byId("more").addEventListener("click", () => this.load());
    byId("pick-all").addEventListener("click", () => this.list.pick(this.list.keys));
    byId("pick-none").addEventListener("click", () => this.list.pickNone());
  }

  async reload() {
    this.asked += 1;
    this.seen.disconnect();
    this.list.clear();
    this.stacks.clear();
    this.next = null;
    this._tellPicked();
    await this.load(true);
  }

  async load(first = false) {
    const round = this.asked;
    const query = this.options.query();
    query.set("limit", PAGE);
    if (!first && this.next) query.set("after", this.next);
    const at = this.list.keys.length;
    try {
      const page = await get(`${this.options.base}/stacks?${query}`);
      if (round !== this.asked) return;
      for (const stack of page.stacks) {
        if (this.stacks.has(stack.key)) continue;
        this.stacks.set(stack.key, stack);
        this.list.add(this._card(stack));
      }
      this.next = page.next;
      this.options.onLeft(page.left);
      byId("more").hidden = page.next === null;
      byId("empty").hidden = this.stacks.size > 0;
      if (!first && this.list.keys[at]) this.list.move(this.list.keys[at]);
      say(`${many(this.stacks.size, "stack")} shown.`);
    } catch (error) {
      this.options.onTrouble(error);
    }
  }

  // The stacks that a grade given here is for.
  get meant() {
    return this.list.meant.map((key) => this.stacks.get(key)).filter(Boolean);
  }

  mark(key, change) {
    const stack = this.stacks.get(key);
    const card = this.list.item(key);
    if (!stack || !card) return;
    Object.assign(stack, change);
    card.querySelector(".card-state").replaceChildren(...this._state(stack));
    card.classList.toggle("card-done", Boolean(stack.mine));
    card.setAttribute("aria-label", this._label(stack));
  }

  paint(key) {
    const card = this.list.item(key);
    if (card) this._show(card);
  }

  forgetPictures() {
    for (const card of this.list.root.children) {
      card.querySelector("canvas").width = 0;
      card.dataset.shown = "";
    }
  }

  showAgain() {
    this.seen.disconnect();
    for (const card of this.list.root.children) this.seen.observe(card);
  }

  _card(stack) {
    const card = make("li", { class: "card-picture", "data-key": stack.key, "aria-label": this._label(stack) },
      make("span", { class: "thumb open" }, make("canvas", { "aria-hidden": "true", width: 0, height: 0 }),
        make("span", { class: "thumb-words" }, stack.medium === "video" ? "Video" : "")),
      make("span", { class: "pick-box", "aria-hidden": "true" }),
      make("span", { class: "card-line" }, this._count(stack)),
      make("span", { class: "card-state" }, ...this._state(stack)),
    );
    if (stack.mine) card.classList.add("card-done");
    this.seen.observe(card);
    return card;
  }

  _count(stack) {
    const places = many(stack.occurrences, "file");
    return stack.contents > 1 ? `${stack.contents} pictures, ${places}` : places;
  }

  _state(stack) {
    if (stack.sending) return [make("span", { class: "badge badge-sending" }, `${category(stack.sending)}, being kept`)];
    if (stack.lost) return [make("span", { class: "badge badge-lost" }, "Not kept")];
    const found = [badge(stack)];
    if (!stack.mine && stack.proposal?.category) {
      found.push(make("span", { class: "badge badge-set" }, `Set: ${category(stack.proposal.category)}`));
    }
    if (stack.state === "disagreement" || stack.state === "conflict") found.push(make("span", { class: "badge badge-lost" }, "In dispute"));
    if (stack.deleted) found.push(make("span", { class: "badge" }, "Deleted"));
    if (stack.skipped) found.push(make("span", { class: "badge" }, "Skipped"));
    if (!found.some(Boolean) && stack.signals[0]) found.push(make("span", { class: "card-sign" }, sentence(stack.signals[0])));
    return found.filter(Boolean);
  }

  _label(stack) {
    const words = [this._count(stack), ...this._state(stack).map((one) => one.textContent)];
    return words.filter(Boolean).join(", ");
  }

  _inView(found) {
    for (const one of found) if (one.isIntersecting) this._show(one.target);
  }

  async _show(card) {
    const stack = this.stacks.get(card.dataset.key);
    if (!stack || card.dataset.shown === "yes" || byId("gallery-view").hidden) return;
    card.dataset.shown = "yes";
    const told = card.querySelector(".thumb-words");
    told.textContent = "Loading…";
    try {
      const bitmap = await this.options.pictures.get(stack.leader, "small");
      draw(card.querySelector("canvas"), bitmap);
      told.textContent = "";
    } catch (error) {
      card.dataset.shown = "";
      told.textContent = error.name === "AbortError" ? "" : error.message;
    }
  }

  _tellPicked() {
    const number = this.list.picked.size;
    const pictures = this.meant.reduce((sum, one) => sum + one.contents, 0);
    byId("picked").textContent = number
      ? `${many(number, "stack")} selected, ${many(pictures, "picture")}`
      : "Nothing is selected: a grade is for the stack that is marked";
  }
}
