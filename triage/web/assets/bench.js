// The grading bench: joins list, stack, votes and what spares the grader.

import { byId, category, make, many, say } from "./benchmake.js";
import { askNote, askTags, help } from "./benchdialogs.js";
import { ExposureWatch } from "./benchexposure.js";
import { Filters } from "./benchfilters.js";
import { Gallery } from "./benchgallery.js";
import { Keys } from "./benchkeys.js";
import { Opened } from "./benchopened.js";
import { Outbox } from "./benchoutbox.js";
import { Pictures } from "./benchpictures.js";
import { get, post } from "./benchserver.js";

const caseId = byId("bench").dataset.case;
const base = `/api/cases/${caseId}`;
const exposure = new ExposureWatch(cover);
const pictures = new Pictures(caseId, (atOnce) => exposure.soon(atOnce));
const filters = new Filters(base, () => gallery.reload());
const gallery = new Gallery({ base, pictures, query: () => filters.query(), onOpen: openStack, onLeft: tellLeft, onTrouble: trouble });
const opened = new Opened({ base, pictures, pictureBase: `/bench/${caseId}/picture`, onTrouble: trouble });
const outbox = new Outbox(base, { onKept: kept, onLost: lost });
const grades = [...document.querySelectorAll(".grade")];
const past = [];
let upNext = null; // told, while the stack before it is looked at
let moves = 0;
let busy = false; // a grade is on its way and the stack that it is for still stands there
let grading = ""; // key of the stack that was graded last
let stale = false; // the gallery shows stacks as they were before they were graded

const inStack = () => !byId("stack-view").hidden;
const covered = () => exposure.covered;

function tellLeft(left) {
  byId("left").textContent = left.contents
    ? `${many(left.stacks, "stack")}, ${many(left.contents, "picture")} left`
    : "Nothing left here";
}

function trouble(error) {
  if (error.name === "AbortError") return;
  byId("notice-trouble")?.remove();
  const close = make("button", { type: "button", class: "tool", onclick: () => byId("notice-trouble")?.remove() }, "Close");
  byId("notices").append(make("div", { class: "note note-wrong", id: "notice-trouble", role: "alert" }, make("p", {}, error.words ?? error.message), close));
  if (error.status === 409) exposure.soon(true);
}

function cover(on) {
  const stack = opened.told !== null;
  byId("gallery-view").hidden = on || stack;
  byId("stack-view").hidden = on || !stack;
  if (on) {
    pictures.calm();
    pictures.forgetAll();
    gallery.forgetPictures();
    opened.cover();
  } else if (stack) opened.uncover();
  else gallery.showAgain();
}

function showStack(told) {
  byId("notice-trouble")?.remove();
  pictures.calm(new Set(told.members.map((one) => one.sha256)));
  byId("gallery-view").hidden = true;
  byId("stack-view").hidden = covered();
  opened.show(told);
}

async function openStack(key) {
  const move = ++moves;
  try {
    const told = await get(`${base}/stacks/${key}`);
    if (move !== moves) return;
    showStack(told);
    prefetch(key);
  } catch (error) {
    trouble(error);
  }
}

// Asks for the stack after one, and for its small picture, which stays in memory.
async function prefetch(after) {
  upNext = null;
  const move = moves;
  const query = filters.query();
  query.set("after", after);
  try {
    const told = await get(`${base}/next?${query}`);
    if (move === moves) ready(told, after);
  } catch (error) {
    if (error.status === 409) exposure.soon(true);
  }
}

function ready(told, after) {
  tellLeft(told.left);
  upNext = told.next && told.next.stack.key !== after ? told.next : null;
  if (upNext && !covered()) pictures.get(upNext.stack.leader, "small").catch(() => {});
}

async function advance() {
  const from = opened.stack?.key ?? "";
  if (from) past.push(from);
  if (upNext) {
    const told = upNext;
    moves += 1;
    showStack(told);
    prefetch(told.stack.key);
    return;
  }
  const move = ++moves;
  const query = filters.query();
  if (from) query.set("after", from);
  try {
    const told = await get(`${base}/next?${query}`);
    if (move !== moves) return;
    tellLeft(told.left);
    if (!told.next || told.next.stack.key === from) {
      closeStack();
      say("Nothing is left in this list.");
      return;
    }
    showStack(told.next);
    prefetch(told.next.stack.key);
  } catch (error) {
    trouble(error);
  }
}

async function back() {
  const key = past.pop();
  if (key) await openStack(key);
  else say("There is no stack before this one.");
}

function closeStack() {
  moves += 1;
  upNext = null;
  opened.close();
  byId("stack-view").hidden = true;
  byId("gallery-view").hidden = covered();
  if (stale) gallery.reload().then(() => gallery.list.focus());
  else {
    gallery.showAgain();
    gallery.list.focus();
  }
  stale = false;
}

async function grade(button) {
  if (!button || covered() || busy) return;
  const { code, category: name } = button.dataset;
  if (!inStack()) {
    gradeGallery(code, name);
    return;
  }
  const told = gradeStack(code, name);
  const waits = opened.stack?.key === grading;
  busy ||= waits;
  await told.finally(() => {
    if (waits) busy = false;
  });
}

async function gradeStack(code, name) {
  const stack = opened.stack;
  if (!stack) return;
  grading = stack.key;
  const meant = opened.meant;
  const { tags, why } = opened.staged;
  const item = { words: `${category(name)} on ${meant.contents ? many(meant.contents.length, "picture") : many(stack.contents, "picture")}`,
    body: { ...meant, code, tags, why }, key: stack.key, stacks: [stack], name };
  stale = true;
  if (meant.contents && meant.contents.length < stack.contents) {
    await outbox.send(item);
    openStack(stack.key);
    return;
  }
  say(`${item.words}. Next.`);
  const ahead = upNext;
  if (ahead) {
    upNext = null;
    past.push(stack.key);
    moves += 1;
    const query = filters.query();
    query.set("after", ahead.stack.key);
    item.query = query;
    item.move = moves;
    item.after = ahead.stack.key;
    showStack(ahead);
    await outbox.send(item);
    if (item.state === "failed" && item.move === moves) prefetch(ahead.stack.key);
    return;
  }
  await outbox.send(item);
  await advance();
}

function gradeGallery(code, name) {
  const stacks = gallery.meant;
  if (!stacks.length) return;
  const pictureCount = stacks.reduce((sum, one) => sum + one.contents, 0);
  const item = { words: `${category(name)} on ${many(pictureCount, "picture")}`, body: { stacks: stacks.map((one) => one.key), code, tags: [], why: "" }, stacks, name };
  for (const one of stacks) gallery.mark(one.key, { sending: name, lost: false });
  const single = gallery.list.picked.size === 0;
  gallery.list.pickNone();
  if (single) gallery.list.step(1);
  say(item.words);
  outbox.send(item);
}

function kept(item, answer) {
  for (const one of item.stacks) {
    const mine = { category: item.name, code: item.body.code, tags: item.body.tags, number: one.contents, mixed: false };
    gallery.mark(one.key, { sending: null, lost: false, mine });
  }
  if (answer.disputed) say(`${many(answer.disputed, "picture is", "pictures are")} in dispute now.`);
  if (answer.left && item.move === moves) ready(answer, item.after);
}

function lost(item) {
  for (const one of item.stacks) gallery.mark(one.key, { sending: null, lost: true });
}

async function undo() {
  try {
    const item = await outbox.undo();
    if (!item) {
      say("There is nothing to undo.");
      return;
    }
    stale = inStack() || stale;
    await remark(item.stacks);
    if (inStack() || item.key) {
      if (past.at(-1) === item.stacks[0].key) past.pop();
      if (!covered()) await openStack(item.stacks[0].key);
    }
    say(`Undone: ${item.words}.`);
  } catch (error) {
    trouble(error);
  }
}

// Shows stacks of the gallery as the server has them now.
async function remark(stacks) {
  if (stacks.length > 12) {
    await gallery.reload();
    return;
  }
  for (const one of stacks) {
    const told = await get(`${base}/stacks/${one.key}`);
    gallery.mark(one.key, { sending: null, lost: false, ...told.stack });
  }
}

async function skip() {
  if (!inStack()) return;
  const key = opened.stack.key;
  try {
    await post(`${base}/skip`, { stack: key });
    stale = true;
    say("Skipped: it comes last.");
    await advance();
  } catch (error) {
    trouble(error);
  }
}

function forward() {
  if (inStack()) advance();
}

async function note() {
  if (!inStack()) return;
  const picked = [...opened.list.picked];
  const contents = picked.length ? picked : [opened.at];
  const words = await askNote(`Note on ${picked.length > 1 ? `${picked.length} pictures` : "this picture"}`);
  if (!words) return;
  try {
    await post(`${base}/notes`, { contents, words });
    say("The note is kept.");
    opened.panel.show(opened.at, opened.stack);
  } catch (error) {
    trouble(error);
  }
}

async function tags() {
  if (!inStack()) return;
  const { mine } = opened.stack;
  const chosen = await askTags(opened.staged, mine && !mine.mixed ? "You graded this stack; your grade is kept again with these." : "They are kept with your next grade.");
  if (!chosen) return;
  opened.staged = chosen;
  opened.tellStaged();
  if (!mine || mine.mixed) return;
  const stack = opened.stack;
  stale = true;
  await outbox.send({ words: `Tags on ${many(stack.contents, "picture")}`, body: { ...opened.meant, code: mine.code, ...chosen }, key: stack.key, stacks: [stack], name: mine.category });
  openStack(stack.key);
}

const lift = (what) => () => inStack() && opened.toggle(what);
const ACTS = {
  U: undo, S: skip, N: note, T: tags, G: lift("grey"), L: lift("blur"), "+": lift("size"), "=": lift("size"), "?": help,
  Escape: () => inStack() && closeStack(), ArrowRight: forward, ArrowLeft: () => inStack() && back(),
  ArrowDown: () => inStack() && opened.step(1), ArrowUp: () => inStack() && opened.step(-1),
  Enter: () => !inStack() && begin(),
};
const STACK_ONLY = new Set(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "S", "N", "T", "G", "L", "+", "=", "Escape"]);

new Keys((name) => {
  if (covered() && name !== "?") return null;
  if (!inStack() && STACK_ONLY.has(name)) return null;
  const button = grades.find((one) => one.dataset.key === name && one.dataset.where === (inStack() ? "stack" : "gallery"));
  return button ? () => grade(button) : ACTS[name];
});

function begin() {
  past.length = 0;
  upNext = null;
  advance();
}

for (const one of grades) one.addEventListener("click", () => grade(one));
const clicks = { begin, "close-stack": closeStack, undo, skip, "open-note": note, "open-tags": tags, "open-help": help };
for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
await exposure.refresh();
await filters.begin();
await gallery.reload();
const named = /^#stack=([0-9a-f]{32})$/.exec(location.hash)?.[1]; // other pages lead to a stack
if (named && !covered()) await openStack(named);
else if (!covered()) gallery.list.focus();
