// The upload of evidence: digest before, send, check after; whatever breaks, it goes on from there.

import { digestAll } from "./digesting.js";
import { Pace } from "./pace.js";
import { Sending } from "./sending.js";
import { digestOf } from "./sha256.js";
import * as api from "./uploadapi.js";
import { View } from "./uploadview.js";

const STEPS = [
  "Step 1 of 3: Reading your files, before they are sent",
  "Step 2 of 3: Sending your files",
  "Step 3 of 3: Checking what has arrived",
];
const OTHER = new api.Refusal(
  -2,
  "This is not the file that you began to upload: its name and size are the same, its content is not.",
  "Choose the right file, or remove the unfinished upload and start again.",
);
const DIFFERENT = new api.Refusal(
  -3,
  "What arrived is not what you chose, so it was not kept: the SHA-256 before and after differ.",
  "Check the disk that the files are on, then upload them again.",
);

const view = new View();
let sending = null;
let stopping = null;
let running = false;
let discardable = "";

function offered(files) {
  return files.map((one) => ({ name: one.name, size_bytes: one.size }));
}

/** Give the files in the order of an upload, or null where they are not the same ones. */
function ordered(files, upload) {
  if (files.length !== upload.files.length) {
    return null;
  }
  const found = upload.files.map((one) =>
    files.find((file) => file.name === one.name && file.size === one.size_bytes),
  );
  return found.every(Boolean) ? found : null;
}

/** Tell, by both ends of what has arrived, whether these are the files that were begun with. */
async function areSame(upload, files) {
  for (const one of upload.files.filter((file) => file.received_bytes > 0)) {
    const there = await api.edges(upload.key, one.nth);
    const file = files[one.nth];
    const end = there.received_bytes;
    const first = await digestOf(file.slice(0, there.first_bytes));
    const last = await digestOf(file.slice(end - there.last_bytes, end));
    if (first !== there.first_sha256 || last !== there.last_sha256) {
      return false;
    }
  }
  return true;
}

async function digested(files) {
  stopping = new AbortController();
  const total = files.reduce((sum, one) => sum + one.size, 0);
  const pace = new Pace(total);
  view.step(STEPS[0]);
  view.rows([]);
  const moved = (bytes) => view.moved(bytes / total, pace.words(bytes));
  return digestAll(files, moved, stopping.signal);
}

async function sent(upload, files) {
  const pace = new Pace(upload.size_bytes);
  view.step(STEPS[1], { canPause: true });
  view.rows(upload.files);
  sending = new Sending(upload, files, {
    moved: (bytes) => view.moved(bytes / upload.size_bytes, pace.words(bytes)),
    trouble: (words) => {
      pace.reset();
      view.trouble(words);
    },
  });
  sending.hooks.moved(upload.received_bytes);
  try {
    await sending.all();
  } finally {
    sending = null;
  }
}

async function checked(key) {
  view.step(STEPS[2], { canStop: false });
  let upload = await api.finish(key);
  const pace = new Pace(upload.size_bytes);
  while (upload.state === "open") {
    view.moved(upload.checked_bytes / upload.size_bytes, pace.words(upload.checked_bytes));
    upload = await api.finish(key);
  }
  view.rows(upload.files);
  return upload;
}

/** Find what was begun with the same files, or begin. */
async function begun(files) {
  for (const upload of await api.waiting()) {
    const same = ordered(files, upload);
    if (same && upload.state === "open" && upload.received_bytes > 0) {
      discardable = upload.key;
      if (!(await areSame(upload, same))) {
        throw OTHER;
      }
      return { upload, files: same };
    }
  }
  await api.offer(offered(files));
  const digests = await digested(files);
  const described = files.map((one, nth) => ({
    name: one.name,
    size_bytes: one.size,
    sha256: digests[nth],
  }));
  return { upload: await api.begin(described), files };
}

async function run(chosen) {
  running = true;
  discardable = "";
  view.setKey("");
  try {
    const { upload, files } = await begun(chosen);
    discardable = upload.key;
    await sent(upload, files);
    const ended = await checked(upload.key);
    if (ended.state !== "checked") {
      throw DIFFERENT;
    }
    view.setKey(ended.key);
    view.done();
  } catch (error) {
    const stopped = error.message === "stopped" || error.status === -1;
    view.choose(stopped ? null : error, error === OTHER);
  } finally {
    running = false;
  }
}

async function shown() {
  const key = view.key();
  const known = key ? await api.told(key).catch(() => null) : null;
  if (known && known.state === "checked") {
    view.rows(known.files);
    view.done();
    return;
  }
  view.setKey("");
  view.waiting((await api.waiting()).filter((one) => one.state === "open" && one.received_bytes));
}

view.files.addEventListener("change", () => {
  if (view.files.files.length > 0 && !running) {
    run(Array.from(view.files.files));
  }
});

view.pause.addEventListener("click", () => {
  if (sending && sending.paused) {
    view.pauseSays("Pause");
    view.trouble("");
    sending.goOn();
  } else if (sending) {
    view.pauseSays("Go on");
    view.trouble("Paused. What has arrived is kept.");
    sending.pause();
  }
});

view.stop.addEventListener("click", async () => {
  if (stopping) {
    stopping.abort();
  }
  if (sending) {
    sending.end();
    view.rows([]);
    await api.remove(discardable).catch(() => null);
  }
});

view.discard.addEventListener("click", async () => {
  await api.remove(discardable).catch(() => null);
  view.choose(null);
  document.getElementById("upload-wrong").hidden = true;
  view.waiting([]);
  view.files.focus();
});

window.addEventListener("beforeunload", (event) => {
  if (running) {
    event.preventDefault();
  }
});

// A form that is sent while files are on their way would lose them.
view.files.form?.addEventListener("submit", (event) => {
  if (running) {
    event.preventDefault();
    view.trouble("The upload is not finished yet. Wait until it is, or stop it.");
    view.stop.focus();
  }
});

shown().catch((error) => view.choose(error));
