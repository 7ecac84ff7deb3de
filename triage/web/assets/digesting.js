// Digests files one after the other in a worker, so that the page stays usable.

/** Give the SHA-256 of each file; `moved` is called with the bytes read so far, of all. */
export async function digestAll(files, moved, signal) {
  const digests = [];
  let before = 0;
  for (const file of files) {
    digests.push(await digestOne(file, (done) => moved(before + done), signal));
    before += file.size;
    moved(before);
  }
  return digests;
}

function digestOne(file, moved, signal) {
  const worker = new Worker(new URL("./digestworker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    const failed = (words) => reject(new Error(words));
    signal.addEventListener("abort", () => failed("stopped"), { once: true });
    worker.addEventListener("error", () => failed("The files cannot be read by this browser."));
    worker.addEventListener("message", ({ data }) => {
      if (data.sha256) {
        resolve(data.sha256);
      } else if (data.failed) {
        failed(`'${file.name}' cannot be read: has it moved, or changed? (${data.failed})`);
      } else {
        moved(data.doneBytes);
      }
    });
    worker.postMessage(file);
  }).finally(() => worker.terminate());
}
