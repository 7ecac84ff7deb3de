"""The tables of the case database."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 8


class RawName(sa.types.TypeDecorator[str]):
    """A name or path of the examiner's own machine, which need not be UTF-8: kept as its bytes."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Give the bytes that the platform had."""
        return None if value is None else value.encode("utf-8", "surrogateescape")

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Give the name as the platform's calls take it."""
        return None if value is None else bytes(value).decode("utf-8", "surrogateescape")


class Words(sa.types.TypeDecorator[str]):
    """Text; what no database can hold as text is written out as an escape.

    It is sorted by its bytes on every server, whatever the collation of the database, so that
    results are the same everywhere.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[str]:
        """Name the collation where the server has one of its own."""
        return sa.Text(collation="C" if dialect.name == "postgresql" else None)

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Escape lone surrogates, which stand for bytes that are not UTF-8, and NUL."""
        return value and storable(value)


def storable(words: str) -> str:
    """Write out what no database can hold as text."""
    if not words.isascii():
        words = words.encode("utf-8", "backslashreplace").decode("utf-8")
    return words.replace("\0", "\\x00") if "\0" in words else words


BigId: sa.types.TypeEngine[int] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Counts the rows of all cases of a unit; SQLite's integers are that wide by themselves."""

metadata = sa.MetaData()

versions = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Which of the revisions in ``migrations`` the tables are of; as Alembic keeps it."""

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", Words, nullable=False, unique=True),
)

exhibits = sa.Table(
    "exhibits",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("reference", Words, nullable=False),
    sa.UniqueConstraint("case_id", "reference"),
)

exhibit_packs = sa.Table(
    "exhibit_packs",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("name", Words, primary_key=True),
    sa.Column("version", Words, primary_key=True),
    sa.Column("manifest", Words, nullable=False),
)
"""The reference packs that the stored matches of an exhibit come from."""

exhibit_schemes = sa.Table(
    "exhibit_schemes",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("scheme", Words, primary_key=True),
    sa.Column("sha256", Words, nullable=False),
)
"""The category schemes that the stored proposals of an exhibit were made with."""

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), nullable=False),
    sa.Column("key", Words, nullable=False),
    sa.Column("name", RawName, nullable=False),
    sa.Column("location", RawName, nullable=False),
    sa.Column("info", Words, nullable=False),
    sa.UniqueConstraint("exhibit_id", "key"),
)

volumes = sa.Table(
    "volumes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), nullable=False),
    sa.Column("key", Words, nullable=False),
    sa.Column("info", Words, nullable=False),
    sa.Column("listed", sa.Boolean, nullable=False, default=False),
    sa.UniqueConstraint("evidence_id", "key"),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), nullable=False),
    sa.Column("volume_id", sa.ForeignKey("volumes.id"), nullable=False),
    sa.Column("container_id", sa.ForeignKey("entries.id")),
    sa.Column("opened", sa.Boolean, nullable=False, default=False),
    sa.Column("entry_key", sa.LargeBinary(16), nullable=False),
    sa.Column("path", sa.LargeBinary, nullable=False),
    sa.Column("stream", sa.LargeBinary, nullable=False),
    sa.Column("parent_address", sa.BigInteger, nullable=False),
    sa.Column("address", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("nth", sa.Integer, nullable=False),
    sa.Column("kind", Words, nullable=False),
    sa.Column("allocation", Words, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger),
    sa.Column("accessed_ns", sa.BigInteger),
    sa.Column("changed_ns", sa.BigInteger),
    sa.Column("created_ns", sa.BigInteger),
    sa.Column("naive_local", sa.Boolean, nullable=False),
    sa.Column("first_block_offset_bytes", sa.BigInteger, nullable=False),
    sa.Column("extents", sa.LargeBinary, nullable=False, server_default=sa.text("''")),
    sa.Column("flags", sa.Integer, nullable=False),
    sa.Column("no_content", Words, nullable=False),
    sa.Column("state", Words, nullable=False),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Column("detail", Words, nullable=False, default=""),
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("damaged", sa.Boolean, nullable=False, default=False),
    sa.Column("mime", Words, nullable=False, default=""),
    sa.Column("family", Words, nullable=False, default=""),
    sa.Column("extension_agrees", sa.Boolean),
    sa.UniqueConstraint("evidence_id", "entry_key"),
)
"""``first_block_offset_bytes`` is -1 where there is none, so that the reading order is total;
``container_id`` is the archive that an entry lies in, ``opened`` that its own members are listed;
``extents`` as :mod:`triage.model.extents` writes them, empty where they are not known.
"""


def _partial(index: sa.Index, where: sa.ColumnElement[bool]) -> None:
    """Let an index have some rows only, said in the dialect in use as it is made.

    To name the options of a dialect imports it, a tenth of a second each.
    """

    def restrict(target: sa.Index, connection: sa.Connection, **_: object) -> None:
        target.dialect_options[connection.dialect.name]["where"] = where

    sa.event.listen(index, "before_create", restrict)


_partial(
    sa.Index(
        "entries_waiting", entries.c.evidence_id, entries.c.first_block_offset_bytes, entries.c.id
    ),
    entries.c.state == "pending",
)
_partial(
    sa.Index("entries_by_content", entries.c.sha256, entries.c.evidence_id),
    entries.c.sha256.is_not(None),
)

in_hand = sa.Table(
    "in_hand",
    metadata,
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("entries", Words, nullable=False),
)
"""The entries that workers are about to read or have in hand, as a JSON list of ids.

One row an evidence item: a mark in each entry would write each of them once more.
"""

contents = sa.Table(
    "contents",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("md5", sa.LargeBinary(16), nullable=False),
    sa.Column("sha1", sa.LargeBinary(20), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("mime", Words, nullable=False),
    sa.Column("family", Words, nullable=False),
    sa.Column("picture_state", Words, nullable=False),
    sa.Column("picture_reason", Words, nullable=False, default=""),
    sa.Column("picture_detail", Words, nullable=False, default=""),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("format", Words),
    sa.Column("frames", sa.Integer),
    sa.Column("pdq", Words),
    sa.Column("phash", sa.LargeBinary(8)),
    sa.Column("turned", sa.LargeBinary),
    sa.Column("standing", Words, nullable=False, default="unknown"),
    sa.Column("category", Words, nullable=False, default=""),
    sa.Column("original_code", Words, nullable=False, default=""),
    sa.Column("scheme", Words, nullable=False, default=""),
    sa.Column("grade_reason", Words, nullable=False, default=""),
    sa.Column("conflict", Words, nullable=False, default=""),
    sqlite_with_rowid=False,
)
"""One row a distinct content of an exhibit; ``pdq`` is ``recipe:quality:hex`` joined by blanks.

``turned`` has, for each :class:`triage.model.digest.Turn` in order, the bits of each of those and
then the pHash; it is null where they were not asked for.
"""

matches = sa.Table(
    "matches",
    metadata,
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("nth", sa.Integer, primary_key=True),
    sa.Column("match", Words, nullable=False),
    sqlite_with_rowid=False,
)

problems = sa.Table(
    "problems",
    metadata,
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("kind", Words, primary_key=True),
    sa.Column("volume", Words, primary_key=True),
    sa.Column("path", sa.LargeBinary, primary_key=True),
    sa.Column("offset_bytes", sa.BigInteger, primary_key=True),
    sa.Column("length_bytes", sa.BigInteger, primary_key=True),
    sa.Column("detail", Words, primary_key=True),
)

damage = sa.Table(
    "damage",
    metadata,
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True),
    sa.Column("kind", Words, primary_key=True),
    sa.Column("offset_bytes", sa.BigInteger, primary_key=True),
    sa.Column("length_bytes", sa.BigInteger, primary_key=True),
    sa.Column("detail", Words, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("exhibit_id", sa.ForeignKey("exhibits.id"), nullable=False),
    sa.Column("started_at", Words, nullable=False),
    sa.Column("ended_at", Words),
    sa.Column("state", Words, nullable=False),
    sa.Column("tool_version", Words, nullable=False),
    sa.Column("workers", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("read_bytes", sa.BigInteger, nullable=False, default=0),
)
"""The only table that knows clock times of ours; no export reads it."""
