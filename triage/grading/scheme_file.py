"""The JSON form of a category scheme, read strictly so that a slip of the pen is found."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from triage.errors import UsageFault
from triage.grading.table import Scheme, folded
from triage.model.display import printable
from triage.model.grade import Category

_KEYS = frozenset(
    {"id", "version", "title", "region", "needs_confirmation", "notes", "codes", "confirmed"}
)
_REQUIRED = ("id", "version", "title", "region", "codes")
_CONFIRMED_KEYS = ("by", "at", "source", "sha256")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_REGION = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
_TEXT_LIMIT = 2_000
_CODE_LIMIT = 64
_FILE_LIMIT_BYTES = 1 << 20


def parse(text: str, place: str) -> Scheme:
    """Read one scheme.

    A confirmation whose digest is not that of the table was given to another table: it is
    dropped.

    Args:
        text: JSON.
        place: name of the file, for messages.

    Raises:
        UsageFault: naming the file and the key that is wrong.
    """
    try:
        value = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, place))
    except (ValueError, RecursionError) as error:
        raise UsageFault(f"{place}: not valid JSON: {error}") from error
    table = _object(value, place, "the file")
    _check_keys(table, place)
    scheme = Scheme(
        id=_matching(table, "id", _ID, place),
        version=_matching(table, "version", _VERSION, place),
        title=_text(table, "title", place),
        region=_matching(table, "region", _REGION, place),
        codes=_codes(table["codes"], place),
        needs_confirmation=_flag(table, "needs_confirmation", place),
        notes=_text(table, "notes", place) if table.get("notes") else "",
    )
    return _with_confirmation(scheme, table.get("confirmed"), place)


def dump(scheme: Scheme) -> str:
    """Give the JSON text that :func:`parse` reads back."""
    table: dict[str, object] = {
        "id": scheme.id,
        "version": scheme.version,
        "title": scheme.title,
        "region": scheme.region,
        "needs_confirmation": scheme.needs_confirmation,
        "notes": scheme.notes,
        "codes": {code: category.value for code, category in scheme.codes},
    }
    if scheme.confirmed_by:
        table["confirmed"] = {
            "by": scheme.confirmed_by,
            "at": scheme.confirmed_at,
            "source": scheme.confirmed_source,
            "sha256": scheme.sha256(),
        }
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def read(path: Path) -> Scheme:
    """Read a scheme from a file of at most one mebibyte.

    Raises:
        UsageFault: where it cannot be read or is not a scheme.
    """
    place = printable(path.name)
    try:
        with path.open("rb") as file:
            raw = file.read(_FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageFault(f"{place}: cannot be read: {error.strerror}") from error
    if len(raw) > _FILE_LIMIT_BYTES:
        raise UsageFault(f"{place}: larger than a category scheme can be")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{place}: not UTF-8 at byte {error.start}") from error
    return parse(text, place)


def write(scheme: Scheme, path: Path) -> None:
    """Write a scheme whole or not at all.

    Raises:
        UsageFault: where the folder or the file cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                file.write(dump(scheme).encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise UsageFault(f"{printable(path.name)}: cannot be written: {error.strerror}") from error


def checked_text(value: object, name: str, place: str) -> str:
    """Give one line of plain text.

    Raises:
        UsageFault: where it is no text, empty, too long or not printable.
    """
    if not isinstance(value, str) or not value.strip():
        raise UsageFault(f"{place}: {name}: words are needed")
    if len(value) > _TEXT_LIMIT:
        raise UsageFault(f"{place}: {name}: longer than {_TEXT_LIMIT} characters")
    if not value.isprintable():
        raise UsageFault(f"{place}: {name}: holds characters that cannot be printed")
    return value.strip()


def _once(pairs: list[tuple[str, object]], place: str) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in pairs:
        if key in table:
            raise UsageFault(f"{place}: {printable(key)!r} stands twice")
        table[key] = value
    return table


def _object(value: object, place: str, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UsageFault(f"{place}: {name} must be a JSON object")
    return value


def _check_keys(table: Mapping[str, object], place: str) -> None:
    for key in table:
        if key not in _KEYS:
            known = ", ".join(sorted(_KEYS))
            raise UsageFault(f"{place}: unknown key {printable(key)!r}", hint=f"Keys are: {known}")
    for key in _REQUIRED:
        if key not in table:
            raise UsageFault(f"{place}: the key {key!r} is missing")


def _matching(table: Mapping[str, object], key: str, form: re.Pattern[str], place: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not form.fullmatch(value):
        raise UsageFault(f"{place}: {key}: must be text of the form {form.pattern}")
    return value


def _text(table: Mapping[str, object], key: str, place: str) -> str:
    return checked_text(table[key], key, place)


def _flag(table: Mapping[str, object], key: str, place: str) -> bool:
    value = table.get(key, True)
    if not isinstance(value, bool):
        raise UsageFault(f"{place}: {key}: must be true or false")
    return value


def _codes(value: object, place: str) -> tuple[tuple[str, Category], ...]:
    table = _object(value, place, "codes")
    if not table:
        raise UsageFault(f"{place}: codes: at least one code is needed")
    seen: dict[str, str] = {}
    pairs = []
    for code, name in table.items():
        if not code.strip() or len(code) > _CODE_LIMIT or not code.isprintable():
            raise UsageFault(f"{place}: codes: {printable(code)!r} cannot be a code")
        if folded(code) in seen:
            raise UsageFault(f"{place}: codes: {code!r} and {seen[folded(code)]!r} are the same")
        seen[folded(code)] = code
        pairs.append((code, _category(name, code, place)))
    return tuple(pairs)


def _category(name: object, code: str, place: str) -> Category:
    allowed = [category for category in Category if category is not Category.UNMAPPED]
    for category in allowed:
        if name == category.value:
            return category
    raise UsageFault(
        f"{place}: codes: {code!r} has no category that is known",
        hint="Categories are: " + ", ".join(allowed),
    )


def _with_confirmation(scheme: Scheme, value: object, place: str) -> Scheme:
    if value is None:
        return scheme
    table = _object(value, place, "confirmed")
    if sorted(table) != sorted(_CONFIRMED_KEYS):
        raise UsageFault(f"{place}: confirmed: must hold {', '.join(_CONFIRMED_KEYS)}")
    words = {key: checked_text(table[key], f"confirmed {key}", place) for key in _CONFIRMED_KEYS}
    given = confirmed(scheme, by=words["by"], at=words["at"], source=words["source"])
    return given if words["sha256"] == given.sha256() else scheme


def confirmed(scheme: Scheme, *, by: str, at: str, source: str) -> Scheme:
    """Give the same table with the name of the person who stands for it."""
    return replace(scheme, confirmed_by=by, confirmed_at=at, confirmed_source=source)
