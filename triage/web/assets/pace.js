// How fast something goes and how long it still takes, in words.

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];
const WINDOW_MS = 15_000;

/** Give a size as people read it: 1 000 bytes to the kB. */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Give a time that is still to come, roughly. */
export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) {
    return "";
  }
  if (seconds < 60) {
    return "less than a minute left";
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return `about ${minutes} ${minutes === 1 ? "minute" : "minutes"} left`;
  }
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return `about ${hours} ${hours === 1 ? "hour" : "hours"}${rest ? ` ${rest} minutes` : ""} left`;
}

/** Measures over the last seconds, so that a pause or a slow start is forgotten. */
export class Pace {
  constructor(totalBytes) {
    this.totalBytes = totalBytes;
    this.marks = [];
  }

  /** Forget what was: after a pause. */
  reset() {
    this.marks = [];
  }

  /** Take how far it is and give the words for it. */
  words(doneBytes, nowMs = performance.now()) {
    this.marks.push([nowMs, doneBytes]);
    while (this.marks.length > 2 && nowMs - this.marks[0][0] > WINDOW_MS) {
      this.marks.shift();
    }
    const words = [`${size(doneBytes)} of ${size(this.totalBytes)}`];
    const [firstMs, firstBytes] = this.marks[0];
    const perS = ((doneBytes - firstBytes) * 1000) / (nowMs - firstMs);
    if (nowMs - firstMs > 1000 && perS > 0) {
      words.push(`${size(perS)} a second`, timeLeft((this.totalBytes - doneBytes) / perS));
    }
    return words.join(", ");
  }
}
