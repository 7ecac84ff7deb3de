"""Which types fit which extensions, and which types are packed files or documents."""

from __future__ import annotations

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

PACKED = frozenset(
    {
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "application/x-rar",
        "application/x-rar-compressed",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-bzip2",
        "application/x-xz",
        "application/zstd",
        "application/x-zstd",
        "application/x-lz4",
        "application/x-lzip",
        "application/x-lzop",
        "application/x-lzma",
        "application/x-lzh-compressed",
        "application/x-compress",
        "application/vnd.ms-cab-compressed",
        "application/x-arj",
        "application/x-cpio",
        "application/x-rpm",
        "application/x-deb",
        "application/vnd.debian.binary-package",
        "application/x-unix-archive",
        "application/x-archive",
        "application/java-archive",
        "application/x-iso9660-image",
        "application/x-ios-backup",
        "application/x-android-backup",
        "application/vnd.android.package-archive",
    }
)

DOCUMENTS = frozenset(
    {
        "application/pdf",
        "application/rtf",
        "text/rtf",
        "application/postscript",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "application/vnd.ms-outlook",
        "application/vnd.ms-outlook-pst",
        "application/mbox",
        "message/rfc822",
        "message/x-emlx",
        "application/x-ole-storage",
        "application/CDFV2",
        "application/epub+zip",
        "application/json",
        "application/xml",
        f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OFFICE}presentationml.presentation",
        f"{_OPEN}text",
        f"{_OPEN}spreadsheet",
        f"{_OPEN}presentation",
    }
)

_HEIF = ("image/heic", "image/heif")
_ISO_MEDIA = ("video/mp4", "video/x-m4v", "video/quicktime", "video/3gpp", "video/3gpp2")
_RAW = ("image/tiff", "image/x-")

_TYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), ("image/jpeg",)),
    **dict.fromkeys(("png", "apng"), ("image/png",)),
    "gif": ("image/gif",),
    "webp": ("image/webp",),
    **dict.fromkeys(("bmp", "dib"), ("image/bmp",)),
    **dict.fromkeys(("tif", "tiff"), ("image/tiff",)),
    **dict.fromkeys(("heic", "heif", "hif"), _HEIF),
    "avif": ("image/avif",),
    **dict.fromkeys(("jp2", "j2k", "jpx", "jpf"), ("image/jp2", "image/jpx", "image/x-jp2")),
    "jxl": ("image/jxl",),
    "ico": ("image/vnd.microsoft.icon", "image/png"),
    "psd": ("image/vnd.adobe.photoshop",),
    **dict.fromkeys(("cr2", "cr3", "crw", "nef", "nrw", "dng", "arw", "orf", "rw2", "raf"), _RAW),
    **dict.fromkeys(("mp4", "m4v", "mov", "qt", "3gp", "3g2"), _ISO_MEDIA),
    "avi": ("video/x-msvideo",),
    **dict.fromkeys(("mkv", "webm"), ("video/x-matroska", "video/webm")),
    **dict.fromkeys(("wmv", "asf"), ("video/x-ms-",)),
    "flv": ("video/x-flv",),
    **dict.fromkeys(("mpg", "mpeg", "vob", "m2v"), ("video/mpeg", "video/mp2t")),
    **dict.fromkeys(("mts", "m2ts"), ("video/mp2t",)),
    "pdf": ("application/pdf",),
    **dict.fromkeys(("7z",), ("application/x-7z-compressed",)),
    "rar": ("application/x-rar", "application/vnd.rar"),
    **dict.fromkeys(("gz", "tgz"), ("application/gzip",)),
}
"""Extensions that stand for one format: beginnings of the types that fit."""

_FAMILIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("pcx", "tga", "ppm", "pgm", "pbm", "pnm", "icns", "blp", "dds"), ("picture",)),
    **dict.fromkeys(("rm", "rmvb", "ogv", "divx", "swf", "mxf"), ("video",)),
    **dict.fromkeys(("ts",), ("video", "document")),
    **dict.fromkeys(("mp3", "wav", "flac", "ogg", "oga", "m4a", "aac", "wma", "amr"), ("audio",)),
    **dict.fromkeys(("zip", "jar", "apk", "tar", "bz2", "xz", "zst"), ("archive",)),
    **dict.fromkeys(("cab", "deb", "rpm", "cpio", "lz4"), ("archive",)),
    **dict.fromkeys(("doc", "xls", "ppt", "rtf", "odt", "ods", "odp"), ("document", "archive")),
    **dict.fromkeys(("docx", "xlsx", "pptx", "epub"), ("document", "archive")),
    **dict.fromkeys(
        ("txt", "log", "csv", "md", "ini", "html", "htm", "xml"), ("document", "other")
    ),
    **dict.fromkeys(("json", "css", "js", "py", "c", "h", "sh", "eml"), ("document", "other")),
    **dict.fromkeys(("svg", "eps", "ps"), ("document",)),
    **dict.fromkeys(("exe", "dll", "sys", "so", "bin", "dat", "db", "sqlite"), ("other",)),
}
"""Extensions that stand for a family."""


LONGEST_BYTES = 1 + max(map(len, (*_TYPES, *_FAMILIES)))
"""No extension that is cut to so many bytes turns into one that says something."""


def agrees(raw: bytes, mime: str, family: str) -> bool | None:
    """Tell whether an extension fits a type; ``None`` where the extension says nothing.

    Args:
        raw: what follows the last dot of a name, at least its first :data:`LONGEST_BYTES`.
    """
    extension = raw.decode("ascii", "replace").lower()
    if extension in _TYPES:
        return mime.startswith(_TYPES[extension])
    if extension not in _FAMILIES:
        return None
    if family == "other" and mime == "application/octet-stream":
        return False if _FAMILIES[extension][0] in ("picture", "video") else None
    return family in _FAMILIES[extension]
