// Sheets over the bench: keys, note, tags and reason.

import { byId, make } from "./benchmake.js";

export function help() {
  byId("help").showModal();
  byId("help-title").focus();
}

function asked(dialog, form) {
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "keep"), { once: true });
    dialog.showModal();
    form.querySelector("textarea, input")?.focus();
  });
}

export async function askNote(label) {
  byId("note-words").value = "";
  byId("note-label").textContent = label;
  const keep = await asked(byId("note"), byId("note-form"));
  const words = byId("note-words").value.trim();
  return keep && words ? words : null;
}

const known = new Set();

export async function askTags({ tags, why }, words) {
  const form = byId("tags-form");
  byId("tags-words").textContent = words;
  for (const box of form.querySelectorAll("[name=tag]")) box.checked = tags.includes(box.value);
  byId("series").value = tags.find((one) => one.startsWith("series:"))?.slice(7) ?? "";
  byId("why").value = why;
  if (!(await asked(byId("tags"), form))) return null;
  const chosen = [...form.querySelectorAll("[name=tag]:checked")].map((box) => box.value);
  const series = byId("series").value.trim();
  if (series) {
    chosen.push(`series:${series}`);
    if (!known.has(series)) byId("series-known").append(make("option", { value: series }));
    known.add(series);
  }
  return { tags: chosen, why: byId("why").value.trim() };
}
