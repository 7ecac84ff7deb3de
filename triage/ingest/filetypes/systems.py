"""Signatures of what fills system disks, other than pictures and videos.

Asked after plain text has been told, in place of slower libraries, so a mark of letters is not
taken for a type where the rest is text.
"""

from __future__ import annotations

from triage.ingest.filetypes.compound import compound
from triage.ingest.filetypes.marks import Mark, Marks

_WIM, _CAB = "application/x-ms-wim", "application/vnd.ms-cab-compressed"
_REGISTRY, _RECORD = "application/x-ms-registry", "application/x-ntfs-record"
_MACHO, _PYTHON = "application/x-mach-binary", "application/x-bytecode.python"
_RAR, _MPEG = "application/x-rar-compressed", "audio/mpeg"
_WOFF, _SFNT = "application/font-woff", "application/font-sfnt"
_ANDROID, _PREFETCH = "application/x-android-oat", "application/x-ms-prefetch"
_GIT = "application/x-git"
_APPLE_DOUBLE = "application/applefile"

_MARKS: tuple[Mark, ...] = (
    # programs
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\xcf\xfa\xed\xfe", _MACHO),
    (0, b"\xce\xfa\xed\xfe", _MACHO),
    (0, b"\xfe\xed\xfa\xce", _MACHO),
    (0, b"\xfe\xed\xfa\xcf", _MACHO),
    (0, b"dex\n0", "application/x-android-dex"),
    (0, b"dey\n0", "application/x-android-dex"),
    (0, b"cdex0", "application/x-android-dex"),
    (0, b"oat\n", _ANDROID),
    (0, b"art\n", "application/x-android-art"),
    (0, b"vdex0", "application/x-android-vdex"),
    (0, b"\x03\xf3\r\n", _PYTHON),
    (0, b"\0asm\1\0\0\0", "application/wasm"),
    (0, b"BC\xc0\xde", "application/x-llvm-bitcode"),
    (0, b"\x1bLua", "application/x-bytecode.lua"),
    (0, b"JM\1\0PK", "application/x-java-jmod"),
    (0, b"\xda\xda\xfe\xca", "application/x-java-image"),
    (0, b"\xca\xfe\xda\xda", "application/x-java-image"),
    (0, b"GOBJ\nMETADATA\r\n\x1a", "application/x-gir-typelib"),
    (0, b"Microsoft C/C++ MSF 7.00\r\n\x1aDS", "application/x-ms-pdb"),
    (0, b"MSFT\2\0\1\0", "application/x-ms-typelib"),
    # Windows
    (0, bytes.fromhex("4c0000000114020000000000c000000000000046"), "application/x-ms-shortcut"),
    (0, b"ElfFile\0", "application/x-ms-evtx"),
    (0, b"\x30\0\0\0LfLe", "application/x-ms-evt"),
    (0, b"regf", _REGISTRY),
    (0, b"MAM\x04", _PREFETCH),
    (4, b"\xef\xcd\xab\x89", "application/x-ms-ese"),
    (0, b"Client UrlCache MMF", "application/x-ms-index-dat"),
    (0, b"MSWIM\0\0\0", _WIM),
    (0, b"WLPWM\0\0\0", _WIM),
    (0, b"FILE0\0", _RECORD),
    (0, b"FILE*\0", _RECORD),
    (0, b"INDX(\0", _RECORD),
    (0, b"RSTR\x1e\0", "application/x-ntfs-logfile"),
    (0, b"RCRD(\0", "application/x-ntfs-logfile"),
    (0, b"CMMM", "application/x-ms-thumbcache"),
    (0, b"IMMM", "application/x-ms-thumbcache"),
    (0, b"ITSF\3\0\0\0", "application/vnd.ms-htmlhelp"),
    (0, b"PAGEDU64", "application/x-ms-crash-dump"),
    (0, b"PAGEDUMP", "application/x-ms-crash-dump"),
    (0, b"MDMP\x93\xa7", "application/x-dmp"),
    (0, b"!BDN", "application/vnd.ms-outlook-pst"),
    (0, bytes.fromhex("789f3e22"), "application/vnd.ms-tnef"),
    (0, bytes.fromhex("cfad12fec5fd746f"), "application/x-ms-outlook-express"),
    (0, bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), "application/onenote"),
    (0, b"\0\1\0\0Standard Jet DB", "application/x-msaccess"),
    (0, b"\0\1\0\0Standard ACE DB", "application/x-msaccess"),
    (8, b"sdbf", "application/x-ms-shim-database"),
    (0, b"mrm_pri", "application/x-ms-resource-index"),
    (0, b"vhdxfile", "application/x-vhdx"),
    # Apple
    (0, b"bplist0", "application/x-bplist"),
    (0, b"\0\0\0\1Bud1", "application/x-ds-store"),
    (0, b"\0\5\x16\7\0\2\0\0", _APPLE_DOUBLE),
    (0, b"\0\5\x16\0\0\2\0\0", _APPLE_DOUBLE),
    (0, b"NIBArchive", "application/x-nib-archive"),
    (0, b"BOMStore", "application/x-bom-store"),
    (0, b"cook\0\0\0", "application/x-binary-cookies"),
    (0, b"xar!", "application/x-xar"),
    # Linux and what is met everywhere
    (0, b"\xde\x12\x04\x95", "application/x-gettext-translation"),
    (0, b"\x95\x04\x12\xde", "application/x-gettext-translation"),
    (0, b"TZif", "application/tzif"),
    (0, b"LPKSHHRH", "application/x-systemd-journal"),
    (0, b"Xcur", "application/x-xcursor"),
    (0, b"GVariant", "application/x-gvdb"),
    (0, b"\x13\x57\x9a\xce", "application/x-gdbm"),
    (0, b"\xce\x9a\x57\x13", "application/x-gdbm"),
    (0, b"hsqs", "application/x-squashfs"),
    (0, b"LUKS\xba\xbe", "application/x-luks"),
    (0, b"QFI\xfb", "application/x-qemu-disk"),
    (0, b"KDMV", "application/x-vmdk"),
    (0, b"EVF\t\r\n\xff\0", "application/x-ewf"),
    (0, b"LVF\t\r\n\xff\0", "application/x-ewf"),
    (0, b"EVF2\r\n\x81", "application/x-ewf"),
    (0, b"\xed\xab\xee\xdb", "application/x-rpm"),
    (0, b"PACK\0\0\0\2", _GIT),
    (0, b"\xfftOc\0\0\0\2", _GIT),
    (0, b"DIRC\0\0\0", _GIT),
    (0, b"\x37\x7f\x06\x82\0\x2d\xe2\x18", "application/x-sqlite-wal"),
    (0, b"\x37\x7f\x06\x83\0\x2d\xe2\x18", "application/x-sqlite-wal"),
    (0, b"\x18\xe2\x2d\0", "application/x-sqlite-shm"),
    (0, b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "application/x-sqlite-journal"),
    (0, b"\xfe\xed\xfe\xed", "application/x-java-keystore"),
    (0, b"\xce\xce\xce\xce", "application/x-java-jce-keystore"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"\x93NUMPY", "application/x-numpy"),
    (0, b"PAR1\x15", "application/vnd.apache.parquet"),
    # fonts
    (0, b"wOFF", _WOFF),
    (0, b"wOF2", _WOFF),
    (0, b"OTTO\0", _SFNT),
    (0, b"\0\1\0\0\0", _SFNT),
    (0, b"ttcf", "font/ttf"),
    (0, b"\1fcp", "application/x-font-pcf"),
    # archives
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\7\0", _RAR),
    (0, b"Rar!\x1a\7\1", _RAR),
    (0, b"MSCF", _CAB),
    (0, b"ISc(", _CAB),
    (0, b"!<arch>\ndebian-binary", "application/x-deb"),
    (0, b"!<arch>", "application/x-unix-archive"),
    (0, b"!<thin>", "application/x-unix-thin-archive"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\4\x22\x4d\x18", "application/x-lz4"),
    (0, b"LZIP", "application/x-lzip"),
    (0, b"\x89LZO\0\r\n\x1a\n", "application/x-lzop"),
    (0, b"070701", "application/x-cpio"),
    (0, b"070702", "application/x-cpio"),
    (0, b"070707", "application/x-cpio"),
    # sound
    (0, b"MThd", "audio/midi"),
    (0, b"fLaC", "audio/x-flac"),
    (0, b"ID3", _MPEG),
    (0, b"\xff\xfb", _MPEG),
    (0, b"\xff\xf3", _MPEG),
    (0, b"\xff\xf2", _MPEG),
    (0, b"#!AMR", "audio/amr"),
    (0, b"MAC ", "audio/x-ape"),
)
"""Marks as published by the makers of the formats; what the libraries called it stays its name."""


def system(head: bytes) -> str:
    """Give the type of what carries a mark, ``""`` where none was found.

    Args:
        head: the first bytes of a content that is not plain text; not empty.
    """
    if head.startswith(b"ustar", 257) and not head.startswith(b"PK"):
        return "application/x-tar"
    return _TABLE.told(head)


def _zip(head: bytes) -> str:
    """Give a zip whose first member names no document; those are told by the library."""
    if head[:4] != b"PK\3\4" or head.startswith(_TELLING, 30):
        return ""
    return "application/zip" if len(head) > 30 else ""


_TELLING = (
    *(b"mimetype", b"word/", b"ppt/", b"xl/"),
    *(b"[Content_Types].xml", b"_rels/.rels", b"docProps"),
)
"""Beginnings of the names by which documents in zips are recognised."""


def _bytecode(head: bytes) -> str:
    """Tell compiled Python by the number of its version and its flags (PEP 552)."""
    version, flags = int.from_bytes(head[:2], "little"), int.from_bytes(head[4:8], "little")
    return _PYTHON if head[2:4] == b"\r\n" and 3390 <= version < 4000 and flags < 4 else ""


def _terminfo(head: bytes) -> str:
    """Ask that the names of a terminal are printable and end in a zero, as term(5) has it."""
    names = int.from_bytes(head[2:4], "little")
    text = head[12 : 12 + names]
    if not 1 < names <= 512 or len(text) < names or text[-1] or not text[:-1].isascii():
        return ""
    if not text[:-1].decode("ascii").isprintable():
        return ""
    return "application/x-terminfo" if head[1] == 1 else "application/x-terminfo2"


def _java_or_apple(head: bytes) -> str:
    """Tell a class of Java, whose version is above 44, from programs for several processors."""
    number = int.from_bytes(head[4:8], "big")
    if number > 44 and len(head) >= 10:
        return "application/x-java-applet"
    return _MACHO if 1 <= number < 20 and len(head) >= 28 else ""


def _prefetch(head: bytes) -> str:
    return _PREFETCH if head[4:8] == b"SCCA" and head[1:4] == b"\0\0\0" else ""


_TABLE = Marks(
    _MARKS,
    (
        (b"P", _zip),
        (b"", _bytecode),
        (b"\x1a", lambda head: _terminfo(head) if head[1:2] == b"\1" else ""),
        (b"\x1e", lambda head: _terminfo(head) if head[1:2] == b"\2" else ""),
        (b"\xd0", compound),
        (b"\xca", lambda head: _java_or_apple(head) if head[1:4] == b"\xfe\xba\xbe" else ""),
        (b"\x11\x17\x1a\x1e\x1f", _prefetch),
    ),
)
