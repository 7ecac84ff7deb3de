"""Which readers of archives there are, in order of trial, and which types are named instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from triage.ingest.archives import (
    android_backup,
    android_thumbnails,
    cab,
    compound,
    exif_thumbnail,
    mail,
    packed_stream,
    pst,
    rar,
    seven_zip,
    tar_archive,
    thumbcache,
    tnef,
    zip_archive,
)
from triage.ingest.archives.member import Archive, ArchiveLimits
from triage.ingest.archives.source import Source

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReader:
    """One row of the registry.

    Attributes:
        recognises: takes the first bytes; what it takes for its own is opened by it alone.
        open: takes the bytes, the limits and the last part of the archive's path;
            raises ContentError where nothing can be listed.
        mimes: types, as :func:`triage.ingest.filetype.detect` gives them.
    """

    name: str
    recognises: Callable[[bytes], bool]
    open: Callable[[Source, ArchiveLimits, bytes], Archive]
    mimes: frozenset[str]


ARCHIVES: tuple[ArchiveReader, ...] = (
    ArchiveReader(
        name="zip",
        recognises=zip_archive.recognises,
        open=zip_archive.ZipArchive,
        mimes=frozenset(
            {
                "application/zip",
                "application/x-zip",
                "application/epub+zip",
                "application/java-archive",
                "application/vnd.android.package-archive",
                "application/vnd.google-earth.kmz",
                f"{_OFFICE}wordprocessingml.document",
                f"{_OFFICE}spreadsheetml.sheet",
                f"{_OFFICE}presentationml.presentation",
                f"{_OPEN}text",
                f"{_OPEN}spreadsheet",
                f"{_OPEN}presentation",
                f"{_OPEN}graphics",
            }
        ),
    ),
    ArchiveReader(
        name="gzip",
        recognises=lambda head: head.startswith(packed_stream.GZIP.mark),
        open=packed_stream.opener(packed_stream.GZIP),
        mimes=frozenset({"application/gzip", "application/x-gzip"}),
    ),
    ArchiveReader(
        name="bzip2",
        recognises=lambda head: head.startswith(packed_stream.BZIP2.mark),
        open=packed_stream.opener(packed_stream.BZIP2),
        mimes=frozenset({"application/x-bzip2"}),
    ),
    ArchiveReader(
        name="xz",
        recognises=lambda head: head.startswith(packed_stream.XZ.mark),
        open=packed_stream.opener(packed_stream.XZ),
        mimes=frozenset({"application/x-xz"}),
    ),
    ArchiveReader(
        name="zstd",
        recognises=lambda head: head.startswith(packed_stream.ZSTANDARD.mark),
        open=packed_stream.opener(packed_stream.ZSTANDARD),
        mimes=frozenset({"application/zstd", "application/x-zstd"}),
    ),
    ArchiveReader(
        name="7z",
        recognises=seven_zip.recognises,
        open=seven_zip.SevenZipArchive,
        mimes=frozenset({"application/x-7z-compressed"}),
    ),
    ArchiveReader(
        name="rar",
        recognises=rar.recognises,
        open=rar.RarArchive,
        mimes=frozenset(
            {"application/x-rar", "application/x-rar-compressed", "application/vnd.rar"}
        ),
    ),
    ArchiveReader(
        name="cab",
        recognises=cab.recognises,
        open=cab.CabArchive,
        mimes=frozenset({"application/vnd.ms-cab-compressed"}),
    ),
    ArchiveReader(
        name="compound",
        recognises=compound.recognises,
        open=compound.open_compound,
        mimes=frozenset(
            {"application/vnd.ms-outlook", "application/x-ole-storage", "application/CDFV2"}
        ),
    ),
    ArchiveReader(
        name="pst",
        recognises=pst.recognises,
        open=pst.PstArchive,
        mimes=frozenset({"application/vnd.ms-outlook-pst"}),
    ),
    ArchiveReader(
        name="android-backup",
        recognises=android_backup.recognises,
        open=android_backup.open_backup,
        mimes=frozenset({"application/x-android-backup"}),
    ),
    ArchiveReader(
        name="tnef",
        recognises=tnef.recognises,
        open=tnef.TnefArchive,
        mimes=frozenset({"application/vnd.ms-tnef"}),
    ),
    ArchiveReader(
        name="tar",
        recognises=tar_archive.recognises,
        open=tar_archive.TarArchive,
        mimes=frozenset({"application/x-tar"}),
    ),
    ArchiveReader(
        name="mbox",
        recognises=mail.is_mbox,
        open=mail.open_mbox,
        mimes=frozenset({"application/mbox"}),
    ),
    ArchiveReader(
        name="emlx",
        recognises=mail.is_emlx,
        open=mail.open_emlx,
        mimes=frozenset({"message/x-emlx"}),
    ),
    ArchiveReader(
        name="message",
        recognises=mail.is_message,
        open=mail.open_message,
        mimes=frozenset({"message/rfc822"}),
    ),
)
"""In order of trial: what has no mark at its start comes last, a tar before mail."""

THUMBNAILS: tuple[ArchiveReader, ...] = (
    ArchiveReader(
        name="jpeg",
        recognises=exif_thumbnail.recognises,
        open=exif_thumbnail.open_jpeg,
        mimes=frozenset({"image/jpeg"}),
    ),
    ArchiveReader(
        name="thumbcache",
        recognises=thumbcache.recognises,
        open=thumbcache.open_cache,
        mimes=frozenset({"application/x-ms-thumbcache"}),
    ),
    ArchiveReader(
        name="thumbdata",
        recognises=android_thumbnails.recognises,
        open=android_thumbnails.open_cache,
        mimes=frozenset({android_thumbnails.MIME}),
    ),
)
"""Files that hold small copies of pictures, in order of trial after the archives; a quick pass does
not look for them. Thumbs.db is told by its directory, as other compound files are."""

THUMBNAIL_MIMES: frozenset[str] = frozenset(mime for one in THUMBNAILS for mime in one.mimes)
"""Types whose small copies are listed."""

ARCHIVE_MIMES: frozenset[str] = frozenset(mime for reader in ARCHIVES for mime in reader.mimes)
"""Types whose members can be listed."""

UNOPENED_ARCHIVE_MIMES: frozenset[str] = frozenset(
    {
        "application/x-lz4",
        "application/x-lzip",
        "application/x-lzop",
        "application/x-lzma",
        "application/x-lzh-compressed",
        "application/x-lrzip",
        "application/x-compress",
        "application/x-brotli",
        "application/x-arj",
        "application/x-cpio",
        "application/x-rpm",
        "application/x-deb",
        "application/vnd.debian.binary-package",
        "application/x-unix-archive",
        "application/x-archive",
        "application/x-iso9660-image",
        "application/x-ios-backup",
        "application/x-ms-outlook-express",
    }
)
"""Types that hold files which are not looked at: to be told, each, as not examined."""
