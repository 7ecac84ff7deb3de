// Votes on their way: each is shown as sent, kept, or not kept, and can be sent again.

import { byId, make, many, say } from "./benchmake.js";
import { post } from "./benchserver.js";

export class Outbox {
  // onKept(item, answer), onLost(item): told what became of a vote.
  constructor(base, { onKept, onLost }) {
    this.base = base;
    this.onKept = onKept;
    this.onLost = onLost;
    this.items = [];
    this.done = [];
    this.keptCount = 0;
    window.addEventListener("online", () => this.sendAgain());
    window.addEventListener("beforeunload", (event) => {
      if (this.items.length) event.preventDefault();
    });
  }

  // item: {body, words, query?, contents?}; gives a promise of the answer, undefined where it failed.
  send(item) {
    item.state = "sending";
    this.items.push(item);
    this._tell();
    return this._try(item);
  }

  async sendAgain() {
    for (const item of this.items.filter((one) => one.state === "failed" && one.again)) {
      item.state = "sending";
      this._tell();
      await this._try(item); // one after another: their order is that of the grader
    }
  }

  drop(item) {
    this.items = this.items.filter((one) => one !== item);
    this._tell();
  }

  async _try(item) {
    item.settled = this._post(item);
    return item.settled;
  }

  async _post(item) {
    try {
      const answer = await post(`${this.base}/votes${item.query ? `?${item.query}` : ""}`, item.body);
      this.items = this.items.filter((one) => one !== item);
      item.state = "kept";
      item.answer = answer;
      this.keptCount += answer.contents.length + answer.unchanged;
      this.done.push(item);
      this.onKept(item, answer);
      return answer;
    } catch (error) {
      item.state = "failed";
      item.again = true;
      item.error = error;
      say(`Not kept: ${item.words}. ${error.message}`);
      this.onLost(item);
      return undefined;
    } finally {
      this._tell();
    }
  }

  // Takes back the last vote: gives it, with whether anything was in the database.
  async undo() {
    const waiting = this.items.at(-1);
    if (waiting) {
      if (waiting.state === "sending") await waiting.settled;
      if (waiting.state === "failed") {
        this.drop(waiting);
        return waiting;
      }
    }
    const last = this.done.at(-1);
    if (!last) return null;
    if (last.answer.contents.length) {
      const body = { contents: last.answer.contents, action: last.answer.action };
      last.undone = await post(`${this.base}/undo`, body);
    }
    this.done.pop();
    this._tell();
    return last;
  }

  get canUndo() {
    return this.items.length > 0 || this.done.length > 0;
  }

  _tell() {
    const told = byId("kept");
    const sending = this.items.filter((one) => one.state === "sending").length;
    const failed = this.items.filter((one) => one.state === "failed");
    told.className = failed.length ? "kept kept-wrong" : sending ? "kept kept-sending" : "kept";
    const words = [];
    if (failed.length) words.push(`${many(failed.length, "grade is", "grades are")} not kept.`);
    if (sending) words.push(`${many(sending, "grade is", "grades are")} being kept.`);
    if (!words.length) words.push(this.keptCount ? `All grades are kept: ${many(this.keptCount, "picture")} so far.` : "All grades are kept.");
    told.replaceChildren(words.join(" "));
    if (failed.length) {
      const list = make("ul", { class: "lost" });
      for (const item of failed) {
        const drop = make("button", { type: "button", class: "tool", onclick: () => this.drop(item) }, "Give up this one");
        list.append(make("li", {}, `${item.words}: ${item.error.words ?? item.error.message} `, drop));
      }
      const again = make("button", { type: "button", class: "go", id: "send-again", onclick: () => this.sendAgain() }, "Send again");
      told.append(list, again);
    }
  }
}
