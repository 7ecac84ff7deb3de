// What the grader has looked at today: counted by the server, reminded here, covered in a break.

import { byId, make, many, say } from "./benchmake.js";
import { get, post } from "./benchserver.js";

const LATER_MS = 5 * 60_000;

export class ExposureWatch {
  // onCover(covered): pictures are to be covered, or may be shown again.
  constructor(onCover) {
    this.onCover = onCover;
    this.now = null;
    this.covered = false;
    this.dismissed = new Map();
    this.asking = 0;
    byId("cover-again").addEventListener("click", () => this.refresh());
    byId("open-break").addEventListener("click", () => this.offer());
    byId("break-form").addEventListener("submit", (event) => {
      if (event.submitter?.value === "begin") this.begin();
    });
    setInterval(() => this._tick(), 1000);
    setInterval(() => this.refresh(), 60_000);
  }

  // Asks soon; pictures come in numbers.
  soon(atOnce = false) {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.refresh(), atOnce ? 0 : 1500);
  }

  async refresh() {
    try {
      this._take(await get("/api/exposure"));
    } catch {
      // told elsewhere; what is known stays
    }
  }

  offer() {
    const limit = this.now?.break_minutes ?? 10;
    byId("break-words").textContent =
      `Pictures are covered for ${many(limit, "minute")}. A break cannot be ended early; your grades are kept.`;
    byId("break").showModal();
  }

  async begin() {
    try {
      this._take(await post("/api/break", {}));
    } catch (error) {
      this._notice("break-trouble", error.words ?? error.message, []);
    }
  }

  _take(now) {
    this.now = now;
    this.endsAt = now.state === "break" ? Date.now() + now.break_left_s * 1000 : 0;
    this._tellToday();
    this._remind();
    this._cover(now.state === "break" || now.state === "hard");
  }

  _tellToday() {
    const { pictures, minutes, hard_pictures: most, hard_minutes: longest } = this.now;
    const of = (limit) => (limit ? ` of ${limit.toLocaleString("en-GB")}` : "");
    byId("today").replaceChildren(
      "Today: ",
      make("a", { href: "/bench/exposure", target: "_blank" },
        `${pictures.toLocaleString("en-GB")}${of(most)} pictures, ${Math.round(minutes)}${of(longest)} minutes`),
      this.now.state === "soft" ? make("strong", { class: "today-soft" }, " Over the reminder") : "",
    );
  }

  _remind() {
    const { state, break_due: due, since_break_minutes: since } = this.now;
    this._keep("break", due, `You have looked for ${Math.round(since)} minutes without a break. It is time for one.`, [
      make("button", { type: "button", class: "go", onclick: () => this.offer() }, "Take a break"),
    ]);
    this._keep("soft", state === "soft",
      "You have reached today's reminder. You may go on; think about stopping, or speak with your supervisor.", []);
  }

  _keep(name, wanted, words, buttons) {
    const here = byId(`notice-${name}`);
    if (!wanted) {
      here?.remove();
      return;
    }
    if (here || Date.now() - (this.dismissed.get(name) ?? -LATER_MS) < LATER_MS) return;
    this._notice(name, words, buttons);
  }

  _notice(name, words, buttons) {
    byId(`notice-${name}`)?.remove();
    const later = make("button", { type: "button", class: "tool", onclick: () => {
      this.dismissed.set(name, Date.now());
      byId(`notice-${name}`)?.remove();
    } }, "Remind me later");
    byId("notices").append(make("div", { class: "note", id: `notice-${name}`, role: "status" }, make("p", {}, words), ...buttons, later));
    say(words);
  }

  _cover(covered) {
    const hard = this.now.state === "hard";
    byId("cover-title").textContent = hard ? "You have reached today's limit" : "You are taking a break";
    byId("cover-words").textContent = hard
      ? "No more pictures are shown today unless your supervisor allows more. Everything that you graded is kept."
      : "Pictures are covered. Look at something far away, walk a little, talk to somebody.";
    byId("cover-again").hidden = !hard;
    if (covered === this.covered) return;
    this.covered = covered;
    this.onCover(covered);
    byId("cover").hidden = !covered;
    if (covered) byId("cover-title").focus();
    say(covered ? byId("cover-title").textContent : "You may go on.");
  }

  _tick() {
    const count = byId("cover-count");
    if (!this.endsAt) {
      count.textContent = "";
      return;
    }
    const left = Math.max(0, Math.ceil((this.endsAt - Date.now()) / 1000));
    count.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (!left) {
      this.endsAt = 0;
      this.soon(true);
    }
  }
}
