// Digests one file beside the page: takes a File, tells how far it has come, then its SHA-256.

import { Sha256 } from "./sha256.js";

const READ_BYTES = 4 << 20;

self.addEventListener("message", async (asked) => {
  const file = asked.data;
  const digest = new Sha256();
  const part = (at) => file.slice(at, at + READ_BYTES).arrayBuffer();
  try {
    // The next part is read while this one is digested.
    let next = part(0);
    for (let at = 0; at < file.size; at += READ_BYTES) {
      const data = await next;
      next = at + READ_BYTES < file.size ? part(at + READ_BYTES) : null;
      digest.update(new Uint8Array(data));
      self.postMessage({ doneBytes: at + data.byteLength });
    }
    self.postMessage({ sha256: digest.hex() });
  } catch (error) {
    self.postMessage({ failed: String(error && error.message ? error.message : error) });
  }
});
