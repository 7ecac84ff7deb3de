// Makes elements and says things to screen readers; words of evidence become text, never markup.

export const byId = (id) => document.getElementById(id);

export function make(name, given = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

export function say(words) {
  const told = byId("said");
  told.textContent = told.textContent === words ? `${words}\u00a0` : words;
}

export const many = (number, one, several = `${one}s`) =>
  `${number.toLocaleString("en-GB")} ${number === 1 ? one : several}`;

export function bytes(size) {
  const units = ["bytes", "KB", "MB", "GB"];
  let unit = 0;
  let value = size;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit ? value.toPrecision(3) : value} ${units[unit]}`;
}

export const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// A moment as the evidence has it, to the minute: its zone is told where it is known.
export const dated = (words) =>
  words.replace(/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(\.\d+)?)?(Z?)/, (_, day, time, _s, _f, zone) => `${day} ${time}${zone ? " UTC" : ""}`);

export const moment = (seconds) =>
  new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

const CATEGORIES = new Map(JSON.parse(byId("bench").dataset.categories));
export const category = (name) => CATEGORIES.get(name) ?? name ?? "";

const TAGS = new Map(JSON.parse(byId("bench").dataset.tags));
export const tag = (name) => TAGS.get(name) ?? name.replace(/^series:/, "Series: ");
