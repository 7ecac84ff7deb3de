"""Walks over the pages as a browser without scripts does: follows links, fills in forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from suitehere import BASE, Client

MARK = "canary7"
"""Stands in everything hostile, so that it is found wherever it comes out."""

MARKUP = f"<b id={MARK}>\"'><script src={MARK}></script>"
ATTRIBUTE = f"\" onmouseover={MARK} x='"
FORMULA = f"=cmd|' /C {MARK}'!A0"
LINES = f"{MARK}\r\nSet-Cookie: {MARK}=1\r\n\r\n<b id={MARK}>"
TEMPLATE = "{{ 7*'" + MARK + "' }}{% raw %}"
WORDS = (MARKUP, ATTRIBUTE, FORMULA, LINES, TEMPLATE, f"\x1b[31m{MARK}\u202e", f"../../{MARK}")

_RAW = re.compile(rf"<b id={MARK}|<script src={MARK}", re.IGNORECASE)
_KEPT = re.compile(r'\svalue="[^"]*"|<textarea[^>]*>[^<]*</textarea>')
"""What was typed stands there unchanged, so that it is posted again as it was."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_REPEATED = MARK * 7


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, and its fields with the values they have."""

    action: str
    method: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, name, value."""


class Reader(HTMLParser):
    """Finds links and forms, and whether hostile words became markup."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.grown: list[str] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag is."""
        found = {name: value or "" for name, value in attrs}
        odd = [name for name in found if MARK in name or name.startswith("on")]
        grown = (
            MARK in tag or found.get("id") == MARK or found.get("src") == MARK or "style" in found
        )
        if odd or grown or (tag == "script" and not found.get("src", "").startswith("/assets/")):
            self.grown.append(f"<{tag} {found}>")
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
            if urlsplit(found["href"]).scheme not in {"", "http", "https"}:
                self.grown.append(f"<a href={found['href']}>")
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get").lower()))
        if self.forms and tag in {"input", "textarea", "select", "button"} and found.get("name"):
            kind = found.get("type", "text") if tag == "input" else tag
            self._select = found["name"] if tag == "select" else ""
            if kind not in {"select", "radio", "checkbox"} or "value" in found:
                self.forms[-1].fields.append((kind, found["name"], found.get("value", "")))
        if tag == "option" and self._select and self.forms:
            self.forms[-1].fields.append(("option", self._select, found.get("value", "")))


def wrong_with(answer: Any) -> list[str]:
    """Say what is wrong with an answer, whatever was asked."""
    what = f"{answer.request.method} {answer.request.url!s:.200}: {answer.status_code}"
    wrong = [f"{what} failed"] if answer.status_code >= 500 else []
    for name, value in answer.headers.multi_items():
        if MARK in name or (name == "set-cookie" and value.startswith(MARK)):
            wrong.append(f"{what} header {name}: {value}")
    if "root:x:0:" in answer.text:
        wrong.append(f"{what} gives a file of the machine")
    if answer.headers.get("content-type", "").startswith("text/html"):
        reader = read(answer.text)
        wrong += [f"{what} has {one}" for one in reader.grown]
        wrong += [f"{what} has {found[0]!r}" for found in (_RAW.search(answer.text),) if found]
        wrong += [
            f"{what} has {found[0]!r}"
            for found in (_CONTROL.search(_KEPT.sub("", answer.text)),)
            if found
        ]
        if _REPEATED in answer.text:
            wrong.append(f"{what} worked a template out")
    if answer.headers.get("x-content-type-options") != "nosniff":
        wrong.append(f"{what} may be sniffed")
    return wrong


def read(text: str) -> Reader:
    """Read a page."""
    reader = Reader()
    reader.feed(text)
    return reader


def walk(client: Client, starts: tuple[str, ...] = ("/",), most: int = 120) -> Iterator[Any]:
    """Yield the answers of all pages that can be reached by links, one of each kind and place."""
    waiting, seen = list(starts), set(starts)
    while waiting and most > 0:
        most -= 1
        path = waiting.pop(0)
        answer = client.get(path)
        yield answer
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in read(answer.text).links:
            found = urljoin(str(answer.url), link)
            place = urlsplit(found)
            target = place.path + (f"?{place.query}" if place.query else "")
            if found.startswith(BASE) and target not in seen:
                seen.add(target)
                waiting.append(target)


def filled(form: Form, words: str) -> dict[str, str]:
    """Fill in a form: hostile words where words are asked for, the first choice elsewhere."""
    values: dict[str, str] = {}
    for kind, name, value in form.fields:
        if kind in {"text", "textarea", "search", "email", "tel", "number", "date"}:
            values[name] = words
        elif kind == "password":
            values[name] = f"{words}-long-enough-to-be-one"
        elif value or kind == "hidden":
            values.setdefault(name, value)
    return values
