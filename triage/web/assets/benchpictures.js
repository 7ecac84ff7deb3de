// Pictures of a case, in memory only: asked for a few at a time, kept decoded, drawn on canvases.

import { raw } from "./benchserver.js";

const AT_ONCE = 4;
const TRIES = 4;
const AGAIN_MS = 1500;
const KEPT = 120;
const LARGE_KEPT = 6;
const ALL_ON = { grey: true, blur: true, size: true };

export class Pictures {
  constructor(caseId, onShown) {
    this.caseId = caseId;
    this.onShown = onShown;
    this.kept = new Map();
    this.lifted = new Map();
    this.waiting = [];
    this.running = 0;
  }

  // What spares the grader from a content, as far as this page has lifted it.
  measures(sha) {
    return { ...ALL_ON, ...this.lifted.get(sha) };
  }

  setMeasures(shas, what, on) {
    for (const sha of shas) {
      const now = this.measures(sha);
      for (const one of what) now[one] = on;
      this.lifted.set(sha, now);
      this.forget(sha);
    }
  }

  forget(sha) {
    for (const size of ["small", "large"]) this._drop(`${sha} ${size}`);
  }

  forgetAll() {
    for (const key of [...this.kept.keys()]) this._drop(key);
  }

  // Gives a bitmap; asks the server unless it is at hand.
  get(sha, size, { soon = false } = {}) {
    const key = `${sha} ${size}`;
    const known = this.kept.get(key);
    if (known) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known.made;
    }
    const item = {};
    item.made = new Promise((resolve, reject) => {
      const job = { sha, size, resolve, reject, item };
      if (soon) this.waiting.unshift(job);
      else this.waiting.push(job);
    });
    item.made.catch(() => this.kept.get(key) === item && this.kept.delete(key));
    this.kept.set(key, item);
    this._trim();
    this._go();
    return item.made;
  }

  // Nobody waits any more for pictures that were not asked for yet, but for one of these.
  calm(wanted = new Set()) {
    const stay = [];
    for (const job of this.waiting) {
      if (wanted.has(job.sha)) stay.push(job);
      else {
        this.kept.delete(`${job.sha} ${job.size}`);
        job.reject(Object.assign(new Error("not wanted any more"), { name: "AbortError" }));
      }
    }
    this.waiting = stay;
  }

  async _go() {
    if (this.running >= AT_ONCE || !this.waiting.length) return;
    const job = this.waiting.shift();
    this.running += 1;
    try {
      const response = await raw(`/bench/${this.caseId}/picture/${job.sha}?size=${job.size}`);
      const told = response.headers.get("X-Measures");
      if (told !== null) {
        const on = new Set(told.split(" "));
        this.lifted.set(job.sha, { grey: on.has("grey"), blur: on.has("blur"), size: on.has("small") });
      }
      job.item.bitmap = await createImageBitmap(await response.blob());
      job.resolve(job.item.bitmap);
      this.onShown();
    } catch (error) {
      if (error.status === 429 && (job.tries = (job.tries ?? 0) + 1) < TRIES) {
        setTimeout(() => this.waiting.push(job) && this._go(), AGAIN_MS * job.tries);
        return;
      }
      job.reject(error);
      if (error.status === 409) this.onShown(true);
    } finally {
      this.running -= 1;
      this._go();
    }
    this._go();
  }

  _trim() {
    const large = [...this.kept.keys()].filter((key) => key.endsWith("large"));
    for (const key of large.slice(0, Math.max(0, large.length - LARGE_KEPT))) this._drop(key);
    for (const key of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this._drop(key);
    }
  }

  _drop(key) {
    // what is drawn on a canvas stays there; the bitmap itself is freed
    const item = this.kept.get(key);
    this.kept.delete(key);
    if (item?.bitmap) setTimeout(() => item.bitmap.close(), 2000);
  }
}

export function draw(canvas, bitmap) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
}
