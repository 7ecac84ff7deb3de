// Sends files piece by piece, and goes on from wherever the server stands after anything broke.

import * as api from "./uploadapi.js";

const SMALLEST = 256 << 10;
const LARGEST = 32 << 20;
const AIM_S = 4;
const WAITS_S = [1, 2, 4, 8, 15, 30];

/** Whether trying again may help: nothing came back, somebody else was at it, or a short ill. */
function mayPass(status) {
  return status === 0 || status === 408 || status === 409 || status === 429 || status >= 500;
}

export class Sending {
  /**
   * `files`: Files in the order of the upload's own. `hooks`: `moved(bytes)` with all bytes that
   * have left, `trouble(words)` when it has to wait, `""` when it goes on.
   */
  constructor(upload, files, hooks) {
    this.key = upload.key;
    this.files = files;
    this.received = upload.files.map((one) => one.received_bytes);
    this.hooks = hooks;
    this.pieceBytes = 4 << 20;
    this.paused = false;
    this.ended = false;
    this.current = null;
    this.wake = () => {};
    window.addEventListener("online", () => this.wake());
  }

  pause() {
    this.paused = true;
    if (this.current) {
      this.current.abort();
    }
  }

  goOn() {
    this.paused = false;
    this.wake();
  }

  /** Stop for good; `all` then fails. */
  end() {
    this.ended = true;
    this.pause();
    this.wake();
  }

  /** Send all that is missing; fails only where trying again cannot help. */
  async all() {
    for (let nth = 0; nth < this.files.length; nth += 1) {
      await this.one(nth);
    }
  }

  async one(nth) {
    let failures = 0;
    while (this.received[nth] < this.files[nth].size) {
      await this.unpaused();
      try {
        await this.piece(nth);
        if (failures > 0) {
          this.hooks.trouble("");
        }
        failures = 0;
      } catch (error) {
        if (!(error instanceof api.Refusal) || !mayPass(error.status)) {
          throw error;
        }
        await this.unpaused();
        failures += 1;
        await this.recover(error, failures);
      }
    }
  }

  async piece(nth) {
    const file = this.files[nth];
    const at = this.received[nth];
    const length = Math.min(this.pieceBytes, file.size - at);
    const before = this.sum();
    const started = performance.now();
    this.current = api.send(this.key, nth, at, file.slice(at, at + length), (left) =>
      this.hooks.moved(before + Math.min(left, length)),
    );
    try {
      this.received[nth] = await this.current.done;
    } finally {
      this.current = null;
    }
    const tookS = Math.max(0.05, (performance.now() - started) / 1000);
    const fitting = Math.round((length / tookS) * AIM_S);
    this.pieceBytes = Math.min(LARGEST, Math.max(SMALLEST, fitting));
    this.hooks.moved(this.sum());
  }

  /** Wait, longer each time, and ask how far the server has come. */
  async recover(error, failures) {
    const waitS = WAITS_S[Math.min(failures, WAITS_S.length) - 1];
    if (failures > 1 || error.status !== 409) {
      this.hooks.trouble(`${error.message} Trying again. What has arrived is kept.`);
    }
    this.pieceBytes = Math.max(SMALLEST, this.pieceBytes >> 1);
    await this.pausing(waitS * 1000);
    try {
      const upload = await api.told(this.key);
      this.received = upload.files.map((one) => one.received_bytes);
      this.hooks.moved(this.sum());
    } catch (again) {
      if (!(again instanceof api.Refusal) || !mayPass(again.status)) {
        throw again;
      }
    }
  }

  async unpaused() {
    while (this.paused && !this.ended) {
      await this.pausing(60_000);
    }
    if (this.ended) {
      throw new api.Refusal(-1, "The upload was stopped.");
    }
  }

  pausing(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  sum() {
    return this.received.reduce((sum, one) => sum + one, 0);
  }
}
