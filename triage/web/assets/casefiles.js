// Sends a file of grades that were given elsewhere, and tells what came of it.

import { troubleOf } from "./benchserver.js";

const form = document.getElementById("import-form");
const report = document.getElementById("import-report");
const token = document.querySelector('meta[name="csrf-token"]').content;

function make(tag, words, ...inside) {
  const made = document.createElement(tag);
  if (words) made.textContent = words;
  made.append(...inside);
  return made;
}

const count = (number, one, several) => `${number.toLocaleString("en-GB")} ${number === 1 ? one : several}`;

function list(title, lines, all) {
  const told = lines.map((words) => make("li", words));
  if (all > lines.length) told.push(make("li", `and ${(all - lines.length).toLocaleString("en-GB")} more`));
  const found = make("details", "", make("summary", title), make("ul", "", ...told));
  found.className = "import-details";
  return found;
}

function tell(done) {
  const lines = [
    `${count(done.added, "vote was", "votes were")} added, ${done.unchanged.toLocaleString("en-GB")} stood so already.`,
    `${count(done.disputed, "picture is", "pictures are")} in dispute now.`,
    `${count(done.without_a_grade, "record has", "records have")} no grade, ${done.by_reference_sets.toLocaleString("en-GB")} were graded by reference sets and are no votes.`,
    `Sent by: ${done.said_by || "not said"}. SHA-256 of the file: ${done.sha256}`,
  ];
  const title = make("h3", `${done.file} was imported`);
  title.className = "heading-s";
  title.tabIndex = -1;
  report.replaceChildren(title, make("ul", "", ...lines.map((words) => make("li", words))));
  if (done.refusals) {
    const refused = done.refused.map((one) => `${one.place}: ${one.reason}`);
    report.append(list(`${count(done.refusals, "record was", "records were")} refused`, refused, done.refusals));
  }
  if (done.strangers) {
    report.append(list(`${count(done.strangers, "picture is", "pictures are")} not in this case`, done.not_in_the_case, done.strangers));
  }
  title.focus();
}

function fail(words) {
  const told = make("p", words);
  told.className = "error-message";
  told.tabIndex = -1;
  report.replaceChildren(told);
  told.focus();
}

async function send(file) {
  const asked = new URLSearchParams({ name: file.name, scheme: document.getElementById("import-scheme").value });
  const response = await fetch(`/api/cases/${form.dataset.case}/grades?${asked}`, {
    method: "POST",
    headers: { "X-CSRF-Token": token, "Content-Type": "application/octet-stream" },
    body: file,
  });
  if (!response.ok) throw await troubleOf(response);
  return response.json();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = document.getElementById("import-file").files[0];
  if (!file) {
    fail("Choose a file first.");
    return;
  }
  const button = document.getElementById("import-go");
  button.disabled = true;
  report.replaceChildren(make("p", `Sending and reading ${file.name}…`));
  try {
    tell(await send(file));
  } catch (error) {
    fail(error.words ?? "The file did not arrive. Is the network there?");
  } finally {
    button.disabled = false;
  }
});
