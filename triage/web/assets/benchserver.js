// Asks the JSON API; what goes wrong is a Trouble with words for a person.

const token = document.querySelector('meta[name="csrf-token"]').content;

export class Trouble extends Error {
  constructor(message, { status = 0, hint = "" } = {}) {
    super(message);
    this.status = status;
    this.hint = hint;
  }

  get isOffline() {
    return this.status === 0;
  }

  // Worth sending again as it is.
  get mayPass() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get words() {
    return this.hint ? `${this.message} ${this.hint}` : this.message;
  }
}

export async function troubleOf(response) {
  let told = {};
  try {
    told = (await response.json()).error ?? {};
  } catch {
    // no JSON: a proxy spoke, or nobody
  }
  const signedOut = response.status === 401;
  return new Trouble(
    signedOut ? "You are signed out." : told.message ?? `The server answered ${response.status}.`,
    { status: response.status, hint: signedOut ? "Sign in in another tab, then go on here." : told.hint },
  );
}

async function asked(path, options) {
  try {
    return await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble("The server cannot be reached.", { hint: "Check the network." });
  }
}

export async function get(path, { signal } = {}) {
  const response = await asked(path, { signal });
  if (!response.ok) throw await troubleOf(response);
  return response.json();
}

export async function post(path, body) {
  const response = await asked(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw await troubleOf(response);
  return response.json();
}

export async function raw(path, signal) {
  const response = await asked(path, { signal });
  if (!response.ok) throw await troubleOf(response);
  return response;
}
