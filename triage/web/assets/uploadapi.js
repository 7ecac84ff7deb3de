// What the server is asked about uploads, and how it says no.

const HERE = "/api/uploads";

/** The server said no, or (status 0) nothing came back. */
export class Refusal extends Error {
  constructor(status, message, hint = "") {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

function token() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

function refusal(status, body) {
  if (status === 401) {
    return new Refusal(401, "You have been signed out.", "Sign in again, then choose the same files.");
  }
  const told = body && body.error ? body.error : {};
  return new Refusal(status, told.message || "The server could not do that.", told.hint || "");
}

async function ask(method, path, body) {
  const headers = { "X-CSRF-Token": token(), Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(HERE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new Refusal(0, "The server does not answer.");
  }
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) {
    throw refusal(answer.status, told);
  }
  return told;
}

export const waiting = async () => (await ask("GET", "")).uploads;
export const offer = (files) => ask("POST", "/offer", { files });
export const begin = (files) => ask("POST", "", { files });
export const told = (key) => ask("GET", `/${key}`);
export const edges = (key, nth) => ask("GET", `/${key}/${nth}/edges`);
export const finish = (key) => ask("POST", `/${key}/finish`);
export const remove = (key) => ask("DELETE", `/${key}`);

/**
 * Send a piece of a file; `progress` is called with the bytes that left so far.
 * Gives `{ done: Promise of the bytes that are there then, abort }`.
 */
export function send(key, nth, offset, piece, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const lost = () => reject(new Refusal(0, "The connection was lost."));
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("error", lost);
    request.addEventListener("abort", lost);
    request.addEventListener("timeout", lost);
    request.addEventListener("load", () => {
      let body = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // Something between us and the server answered; its status says enough.
      }
      if (request.status === 200 && body) {
        resolve(body.received_bytes);
      } else {
        reject(refusal(request.status, body));
      }
    });
  });
  request.open("PATCH", `${HERE}/${key}/${nth}`);
  request.timeout = 180_000;
  request.setRequestHeader("X-CSRF-Token", token());
  request.setRequestHeader("Upload-Offset", String(offset));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(piece);
  return { done, abort: () => request.abort() };
}
