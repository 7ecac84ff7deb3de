"""Tables with a header line: NSRL 2, HashKeeper, ILook, ICSE and any other with digests."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.batch import DigestBatch
from triage.matching.feed import Feed
from triage.matching.fields import Draft, algorithm_of, flag, judged
from triage.matching.mixing import mixed
from triage.matching.readers.lists import data_lines
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import numbered_lines
from triage.matching.tables import Row, Table, rows, split_quoted
from triage.matching.tablescan import scannable, scanned
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

ALIASES: dict[str, tuple[str, ...]] = {
    "md5": ("md5", "md5hex", "md5hash", "hashmd5", "md5sum"),
    "sha1": ("sha1", "sha1hex", "sha1hash", "hashsha1", "sha1sum"),
    "sha256": ("sha256", "sha256hex", "sha256hash", "hashsha256", "sha256sum", "sha2256"),
    "hash": ("hash", "hashvalue"),
    "pdq": ("pdq", "pdqhex", "pdqhash"),
    "quality": ("pdqquality", "quality"),
    "phash": ("phash",),
    "photodna": ("photodna", "photodnabase64", "photodnahex", "pdna"),
    "size": ("size", "mediasize", "filesize", "sizebytes", "filesizebytes"),
    "category": ("category", "initialcategory", "categorycode"),
    "series": ("series", "seriesname"),
    "tags": ("tags", "specialcode"),
    "victim": ("victimidentified",),
    "offender": ("offenderidentified",),
    "distributed": ("isdistributed", "distributed"),
}
"""Our name of a field and the column names it goes by, best first, without spaces or marks."""

_EXACT = (("md5", Algorithm.MD5), ("sha1", Algorithm.SHA1), ("sha256", Algorithm.SHA256))
_OTHER = (("pdq", Algorithm.PDQ), ("phash", Algorithm.PHASH))
DIGEST_FIELDS = ("md5", "sha1", "sha256", "hash", "pdq", "phash")
_DELIMITERS = (",", ";", "\t", "|")


def plain(name: str) -> str:
    """Give a column name without case, spaces and marks."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def header_fields(line: str, delimiter: str) -> tuple[str, ...]:
    """Give the column names of a header line."""
    quoted = split_quoted([line], delimiter) if '"' in line else None
    return quoted if quoted is not None else tuple(line.split(delimiter))


def columns_of(names: tuple[str, ...]) -> dict[str, int]:
    """Give the index of every field that a header has, by the aliases."""
    spelled = [plain(name) for name in names]
    found: dict[str, int] = {}
    for field, aliases in ALIASES.items():
        places = [spelled.index(alias) for alias in aliases if alias in spelled]
        if places:
            found[field] = places[0]
    return found


class TableReader(Reader):
    """A table of one known header; the generic one is :class:`CsvReader`."""

    def __init__(
        self, id_: str, title: str, headers: tuple[str, ...], names_after: str = ""
    ) -> None:
        self.id = id_
        self.title = title
        self._headers = {tuple(plain(name) for name in re.split("[,;]", h)) for h in headers}
        self._names_after = names_after

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the header line."""
        shown = data_lines(head)
        if shown and _names_delimiter(shown[0]):
            shown = shown[1:]
        return bool(shown) and self._delimiter(shown[0]) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the rows.

        Raises:
            HashSetError: the header is missing, has no digest column, or lacks a mapped column.
        """
        numbered = numbered_lines(path, options)
        table = self._begun(numbered, path, options)
        for row in rows(numbered, table.delimiter):
            yield _item(row, table, options)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the rows in columns.

        Raises:
            HashSetError: as :meth:`read`.
        """
        feed = Feed(path, options)
        table = self._begun(feed.spoken(), path, options)
        held: deque[tuple[int, str]] = deque()
        found = rows(feed.spoken(), table.delimiter, held)
        items = (_item(row, table, options) for row in found)
        if scannable(table):
            yield from mixed(feed, partial(scanned, table), partial(_next_items, items, held))
        else:
            yield from items

    def _begun(
        self, numbered: Iterator[tuple[int, str]], path: Path, options: ReadOptions
    ) -> Table:
        number, line = next(numbered, (0, ""))
        if _names_delimiter(line):
            number, line = next(numbered, (0, ""))
        return self._table(line, f"{path.name}: line {number}", options)

    def warnings(self, path: Path, options: ReadOptions) -> tuple[str, ...]:  # noqa: ARG002  (protocol)
        """Tell what a HashKeeper description beside the set says of it."""
        beside = path.with_suffix(".hke")
        if self.id != "hashkeeper" or not beside.is_file():
            return ()
        found = list(chain(rows(numbered_lines(beside, ReadOptions()), ",")))[:100]
        names = [plain(name) for name in found[0].fields] if found else []
        at = names.index("notableflag") if "notableflag" in names else -1
        flags = sorted({row.fields[at] for row in found[1:] if 0 <= at < len(row.fields)})
        said = ", ".join(repr(text) for text in flags) or "nothing"
        return (f"{beside.name} beside it says notable_flag = {said}: state the polarity yourself",)

    def _delimiter(self, line: str) -> str | None:
        for delimiter in _DELIMITERS:
            if tuple(plain(name) for name in header_fields(line, delimiter)) in self._headers:
                return delimiter
        return None

    def _table(self, line: str, where: str, options: ReadOptions) -> Table:
        delimiter = _named_delimiter(options.delimiter) or self._delimiter(line)
        if delimiter is None:
            raise HashSetError(f"{where}: not a header of {self.title}: {line[:100]!r}")
        names = header_fields(line, delimiter)
        columns = columns_of(names) | _mapped(names, options.column_map, where)
        if "v" in plain(names[0])[:1] and plain(names[0]).endswith("hash"):
            columns["md5"] = 0  # ILook's first column, VnHash
        if not any(field in columns for field in DIGEST_FIELDS):
            raise HashSetError(
                f"{where}: no column is known to hold digests: {', '.join(names)[:200]!r}",
                hint="name one, for example: --column md5=HashValue",
            )
        names_at = plain(self._names_after)
        spelled = [plain(name) for name in names]
        at = spelled.index(names_at) if names_at and names_at in spelled else None
        return Table(columns, len(names), delimiter, at)


class CsvReader(TableReader):
    """Any delimited table with a header and at least one digest column."""

    def __init__(self) -> None:
        super().__init__("csv", "table with a header line and a digest column", ())

    def _delimiter(self, line: str) -> str | None:
        """Give the delimiter that finds most known columns, and of those most columns at all."""
        scores = []
        for delimiter in _DELIMITERS:
            names = header_fields(line, delimiter)
            known = columns_of(names)
            scores.append((len(known), len(names), delimiter, known))
        best = max(scores, key=lambda score: score[:2])
        return best[2] if any(field in best[3] for field in DIGEST_FIELDS) else None

    def _table(self, line: str, where: str, options: ReadOptions) -> Table:
        if options.column_map and not options.delimiter and self._delimiter(line) is None:
            widest = max(_DELIMITERS, key=lambda mark: len(header_fields(line, mark)))
            names = header_fields(line, widest)
            columns = columns_of(names) | _mapped(names, options.column_map, where)
            return Table(columns, len(names), widest)
        return super()._table(line, where, options)


def _names_delimiter(line: str) -> bool:
    """Tell a first line that spreadsheets write and read, like ``sep=;``, from a header."""
    return line.lower().startswith("sep=") and len(line.strip()) == 5


def _next_items(items: Iterator[Item], held: deque[tuple[int, str]]) -> Iterator[Item]:
    """Give the next item, and those of all lines that were looked at on its account."""
    yield from islice(items, 1)
    while held:
        yield from islice(items, 1)


def _named_delimiter(text: str) -> str | None:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
    mark = named.get(text.lower(), text)
    if len(mark) > 1 or mark in {'"', "\n", "\r"}:
        raise HashSetError(f"a delimiter is one character, not {text!r}")
    return mark or None


def _mapped(
    names: tuple[str, ...], column_map: tuple[tuple[str, str], ...], where: str
) -> dict[str, int]:
    spelled = [name.strip().lower() for name in names]
    found: dict[str, int] = {}
    for field, column in column_map:
        if field not in ALIASES:
            raise HashSetError(
                f"no field is called {field!r}", hint=f"fields: {', '.join(ALIASES)}"
            )
        if column.strip().lower() not in spelled:
            shown = ", ".join(name.strip() for name in names)[:300]
            raise HashSetError(f"{where}: no column {column!r}", hint=f"columns: {shown}")
        found[field] = spelled.index(column.strip().lower())
    return found


def _item(row: Row, table: Table, options: ReadOptions) -> Item:
    place = f"line {row.line}"
    if row.fault:
        return RefusedRecord(place=place, reason=row.fault)
    fields = row.fields
    extra = len(fields) - table.width
    if extra > 0 and table.names_at is not None:
        fields = (*fields[: table.names_at], "", *fields[table.names_at + extra + 1 :])
    elif extra > 0 and not any(text.strip() for text in fields[table.width :]):
        fields = fields[: table.width]
    if len(fields) != table.width:
        reason = f"{len(fields)} fields where the header has {table.width}"
        return RefusedRecord(place=place, reason=reason)
    return _judged_row(
        {name: fields[at].strip() for name, at in table.columns.items()}, place, options
    )


def _judged_row(cells: dict[str, str], place: str, options: ReadOptions) -> Item:
    digests: dict[Algorithm, str | None] = {
        algorithm: cells[name] for name, algorithm in (*_EXACT, *_OTHER) if name in cells
    }
    either = cells.get("hash", "")
    if either and (algorithm := algorithm_of(len(either))) is None:
        reason = f"hash: {len(either)} characters where 32, 40 or 64 belong"
        return RefusedRecord(place=place, reason=reason)
    if either and algorithm is not None and not digests.get(algorithm):
        digests[algorithm] = either
    quality = cells.get("quality", "") if cells.get("pdq") else ""
    if quality and not (quality.isascii() and quality.isdigit() and len(quality) < 4):
        return RefusedRecord(
            place=place, reason=f"quality {quality[:40]!r} is not a number 0 to 100"
        )
    code = cells.get("category", "")
    draft = Draft(
        place=place,
        digests=digests,
        recipe=options.pdq_recipe,
        quality=int(quality) if quality else None,
        photodna=cells.get("photodna"),
        size=cells.get("size"),
        code=code if code and code.lower() != "null" else None,
        series=cells.get("series", ""),
        tags=cells.get("tags", ""),
        victim_identified=flag(cells.get("victim", "")),
        offender_identified=flag(cells.get("offender", "")),
        distributed=flag(cells.get("distributed", "")),
    )
    return judged(draft, options)


NSRL2 = TableReader(
    "nsrl-rds2",
    "NSRL RDS 2 text, NSRLFile.txt",
    (
        "SHA-1,MD5,CRC32,FileName,FileSize,ProductCode,OpSystemCode,SpecialCode",
        "SHA-1,FileName,FileSize,ProductCode,OpSystemCode,MD4,MD5,CRC32,SpecialCode",
    ),
)
HASHKEEPER = TableReader(
    "hashkeeper",
    "HashKeeper .hsh",
    (
        (
            "file_id,hashset_id,file_name,directory,hash,file_size,date_modified,time_modified,"
            "time_zone,comments,date_accessed,time_accessed"
        ),
    ),
)
_ILOOK3 = "Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashSHA384,HashSHA512"
ILOOK = TableReader(
    "ilook",
    "ILook V1, V3 or V4",
    (
        "V1Hash,HashType,SetDescription,FileName,FilePath,FileSize",
        f"V3{_ILOOK3}",
        f"V4{_ILOOK3},CreateTime,ModTime,LastAccessTime",
    ),
    names_after="FileName",
)
ICSE = TableReader(
    "icse-csv",
    "Interpol ICSE table",
    (
        (
            "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
            "Series name;Number of submissions;File Available;Media Type;Baseline"
        ),
    ),
)
