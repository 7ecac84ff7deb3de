// What the person sees of an upload; names of files are put in as text, never as markup.

import { size } from "./pace.js";

const OPEN_FILES = 4;

const at = (id) => document.getElementById(id);

function element(name, words, ...inside) {
  const made = document.createElement(name);
  made.textContent = words;
  made.append(...inside);
  return made;
}

export class View {
  constructor() {
    this.files = at("upload-files");
    this.pause = at("upload-pause");
    this.stop = at("upload-stop");
    this.discard = at("upload-discard");
    this.spoken = -1;
    document.querySelector(".upload-live").hidden = false;
  }

  setKey(key) {
    at("upload_key").value = key;
  }

  key() {
    return at("upload_key").value;
  }

  /** Begin a step: its words, and whether it can be paused and stopped. */
  step(words, { canPause = false, canStop = true } = {}) {
    for (const id of ["upload-choose", "upload-waiting", "upload-wrong", "upload-done"]) {
      at(id).hidden = true;
    }
    this.forget();
    at("upload-going").hidden = false;
    at("upload-step").textContent = words;
    this.pause.hidden = !canPause;
    this.stop.hidden = !canStop;
    this.pauseSays("Pause");
    this.trouble("");
    this.moved(0, "");
    this.say(words);
    this.spoken = 0;
  }

  /** Take away what the page said was wrong when it was sent before. */
  forget() {
    for (const one of document.querySelectorAll(".error-summary:not(#upload-wrong)")) {
      one.remove();
    }
    at("upload-choose").classList.remove("field-wrong");
    at("upload-files-error")?.remove();
    this.files.setAttribute("aria-describedby", "upload-files-hint");
  }

  moved(share, words) {
    at("upload-bar").value = Math.floor(share * 1000);
    at("upload-figures").textContent = words ? `${Math.floor(share * 100)}%: ${words}` : "";
    const quarter = Math.floor(share * 4) * 25;
    if (quarter > this.spoken && quarter < 100) {
      this.spoken = quarter;
      this.say(`${quarter}%`);
    }
  }

  pauseSays(words) {
    this.pause.textContent = words;
  }

  trouble(words) {
    at("upload-trouble").textContent = words;
  }

  /** Tell a screen reader. */
  say(words) {
    at("upload-said").textContent = words;
  }

  /** Back to choosing, with what went wrong if anything did. */
  choose(error, canDiscard = false) {
    at("upload-going").hidden = true;
    at("upload-choose").hidden = false;
    this.files.value = "";
    if (error) {
      at("upload-wrong-words").textContent = error.message;
      at("upload-wrong-hint").textContent = error.hint || "";
      this.discard.hidden = !canDiscard;
      at("upload-wrong").hidden = false;
      at("upload-wrong").focus();
    }
  }

  waiting(uploads) {
    const lines = uploads.map((one) => {
      const share = Math.floor((100 * one.received_bytes) / one.size_bytes);
      const more = one.files.length > 1 ? ` and ${one.files.length - 1} more` : "";
      const words = `${one.files[0].name}${more}, ${size(one.size_bytes)}: ${share}% has arrived. `;
      return element("li", `${words}Choose the same ${more ? "files" : "file"} again to go on.`);
    });
    at("upload-waiting-list").replaceChildren(...lines);
    at("upload-waiting").hidden = lines.length === 0;
  }

  /** Show the files with their digests, as far as they are known. */
  rows(files) {
    const made = files.map((one) => {
      const row = element("div", "", element("p", `${one.name} (${size(one.size_bytes)})`));
      row.className = "upload-file";
      row.append(
        element(
          "dl",
          "",
          element("dt", "Before"),
          element("dd", one.sha256_before || "not taken yet"),
          element("dt", "After"),
          element("dd", one.sha256_after || "not taken yet"),
        ),
      );
      return row;
    });
    at("upload-rows").replaceChildren(...made);
    at("upload-table").hidden = made.length === 0;
    at("upload-table").open = made.length <= OPEN_FILES;
  }

  done() {
    at("upload-going").hidden = true;
    at("upload-choose").hidden = false;
    at("upload-choose").querySelector("label").textContent = "Choose other files instead";
    this.files.value = "";
    at("upload-done").hidden = false;
    at("upload-done").focus();
  }
}
