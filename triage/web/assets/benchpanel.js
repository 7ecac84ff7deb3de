// What stands beside a picture: why it is here, what it says of itself, where it lies, who voted.

import { byId, bytes, category, dated, make, many, moment, sentence, tag } from "./benchmake.js";
import { get } from "./benchserver.js";

const STATES = {
  ungraded: "Nobody graded it", proposed: "Proposed by a reference set", graded: "Graded by one person",
  second: "Two agree", trusted: "Trusted: three agree", resolved: "Resolved",
  disagreement: "In dispute: graders differ", conflict: "In dispute with a reference set",
};
const DEEDS = { vote: "graded it", withdrawal: "took the grade back", resolution: "resolved it as" };

function section(title, ...inside) {
  const kept = inside.filter(Boolean);
  return kept.length ? make("section", { class: "fact" }, make("h3", {}, title), ...kept) : null;
}

function rows(pairs) {
  const kept = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  if (!kept.length) return null;
  return make("dl", { class: "facts" }, ...kept.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

const list = (items, kind = "plain") => (items.length ? make("ul", { class: kind }, ...items) : null);

export class Panel {
  constructor(base, pictureBase) {
    this.base = base;
    this.pictureBase = pictureBase;
    this.round = 0;
  }

  clear() {
    this.round += 1;
    byId("panel").replaceChildren();
  }

  async show(sha, stack) {
    const round = ++this.round;
    try {
      const told = await get(`${this.base}/contents/${sha}`);
      if (round === this.round) byId("panel").replaceChildren(...this._parts(told, stack).filter(Boolean));
    } catch (error) {
      if (round === this.round) byId("panel").replaceChildren(make("p", { class: "note note-wrong" }, error.words ?? error.message));
    }
  }

  _parts(told, stack) {
    const one = told.content;
    return [
      section("Why it is here", list(stack.signals.map((words) => make("li", {}, sentence(words))))),
      section("Reference sets", this._sets(one, told.matches)),
      section("Camera, time and place", this._facts(told), this._all(one)),
      section(`Files (${one.occurrences})`, this._places(told)),
      section("Votes", this._votes(told)),
      section("Notes", this._notes(told)),
      section("Content", rows([
        ["Kind", one.mime], ["Size", `${one.width} × ${one.height}, ${bytes(one.size_bytes)}`],
        ["SHA-256", one.sha256], ["SHA-1", told.sha1], ["MD5", told.md5],
      ])),
    ];
  }

  _sets(one, matches) {
    if (!matches.length) return make("p", {}, "In no reference set.");
    const said = one.proposal
      ? [make("p", {}, [one.proposal.category && category(one.proposal.category), one.proposal.reason].filter(Boolean).join(": "))]
      : [];
    if (one.proposal?.conflict) said.push(make("p", { class: "wrong" }, one.proposal.conflict));
    const found = matches.map((match) => make("li", {}, [
      `${match.pack} ${match.version}`, match.polarity.replaceAll("-", " "), match.code && `code ${match.code}`,
      match.distance_bits ? `looks alike, ${match.distance_bits} bits apart` : `same ${match.algorithm}`, match.detail,
    ].filter(Boolean).join(", ")));
    return make("div", {}, ...said, list(found));
  }

  _facts(told) {
    const facts = told.facts;
    if (!facts) return make("p", {}, "The picture says nothing of itself.");
    const place = facts.latitude === null ? "" : `${facts.latitude.toFixed(5)}, ${facts.longitude.toFixed(5)}`;
    return rows([
      ["Make", facts.make], ["Model", facts.model], ["Serial", facts.serial], ["Software", facts.software],
      ["Taken", facts.taken.replace("T", ", ")], ["Place", place],
    ]);
  }

  _all(one) {
    const inside = make("div", {});
    const open = make("details", { ontoggle: async () => {
      if (!open.open || inside.childElementCount) return;
      try {
        const { tags } = await get(`${this.pictureBase}/${one.sha256}/tags`);
        inside.replaceChildren(rows(tags.map((line) => [line.name, line.value])) ?? make("p", {}, "Nothing."));
      } catch (error) {
        inside.replaceChildren(make("p", { class: "wrong" }, error.words ?? error.message));
      }
    } }, make("summary", {}, "All that it says of itself"), inside);
    return open;
  }

  _places(told) {
    const found = make("ul", { class: "places" });
    const put = (places) => found.append(...places.map((one) => this._place(one)));
    put(told.places);
    if (told.more === null) return found;
    let more = told.more;
    const button = make("button", { type: "button", class: "tool", onclick: async () => {
      try {
        const next = await get(`${this.base}/contents/${told.content.sha256}?first=${more}`);
        put(next.places);
        more = next.more;
        button.hidden = more === null;
      } catch (error) {
        button.textContent = error.message;
      }
    } }, "Show more files");
    return make("div", {}, found, button);
  }

  _place(one) {
    const state = one.allocation === "live" ? "" : one.allocation;
    const dates = [one.created && `made ${dated(one.created)}`, one.modified && `changed ${dated(one.modified)}`].filter(Boolean).join(", ");
    return make("li", {}, make("span", { class: "path" }, one.path), " ",
      state ? make("span", { class: "badge" }, state) : "",
      make("span", { class: "quiet" }, `${one.exhibit}, ${one.volume}${dates ? `; ${dates}` : ""}`));
  }

  _votes(told) {
    const { others, state } = told.content;
    const said = [];
    if (state) said.push(make("p", {}, make("strong", {}, STATES[state] ?? state), told.decision ? `. ${told.decision}` : ""));
    if (others) said.push(make("p", {}, `${many(others, "other person", "other people")} voted. You see how once you have voted.`));
    const lines = told.votes.map((one) => make("li", {}, make("strong", {}, one.by), ` ${DEEDS[one.kind] ?? one.kind} `,
      one.category ? category(one.category) : "", make("span", { class: "quiet" },
        [` ${moment(one.at_s)}`, ...one.tags.map(tag), one.why, one.source && `from ${one.source}`].filter(Boolean).join("; "))));
    if (!said.length && !lines.length) said.push(make("p", {}, "Nobody has voted."));
    return make("div", {}, ...said, list(lines) ?? "");
  }

  _notes(told) {
    const lines = told.notes.map((one) => make("li", {}, one.words, make("span", { class: "quiet" }, ` ${one.by}, ${moment(one.at_s)}`)));
    if (told.hidden_notes) lines.push(make("li", {}, `${many(told.hidden_notes, "note")} of others, shown once you have voted.`));
    return list(lines);
  }
}
