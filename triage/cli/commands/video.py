"""``triage video``: what is known of the videos of a case, by their frames."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage.cli.packwords import examples
from triage.cli.person import person, with_by
from triage.config import database_url
from triage.errors import UsageFault
from triage.model.display import printable

if TYPE_CHECKING:
    from triage.model.video import VideoHashes, WorkingCopy
    from triage.store.database import Store

_MOST_PLACES = 4
_COPY_S = 6 * 3600.0
_MEMORY_BYTES = 4 << 30

case_option = click.option("--case", required=True, help="Reference of the case.")
exhibit_option = click.option("--exhibit", help="Only this exhibit.")
db_option = click.option("--db", metavar="URL", help="Case database.")
sha256_argument = click.argument("sha256", metavar="SHA256")


@click.group(
    epilog=examples(
        "triage video list --case OP-X",
        "triage video frames 9f86d081... --case OP-X --out film.vpdq",
        "triage video join *.vpdq --out listed.vpdq",
        "triage video copy 9f86d081... --case OP-X --out /cases/OP-X/copies",
    )
)
def video() -> None:
    """Frames of videos as they were hashed, lists of them, and working copies.

    'triage run' hashes one frame a second of each video by PDQ and compares them with listed
    pictures and with listed videos. A match needs a person and is never a category.
    """


@video.command("list", epilog=examples("triage video list --case OP-X --json"))
@case_option
@exhibit_option
@db_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(*, case: str, exhibit: str | None, db: str | None, as_json: bool) -> None:
    """List the videos of a case: what they say of themselves, or why they were not examined.

    One line each distinct content of an exhibit. A recorder's own format is named with the player
    that is likely to show it.
    """
    from triage.cli.videowords import video_line, video_object  # noqa: PLC0415  (help stays instant)
    from triage.store.database import open_store  # noqa: PLC0415
    from triage.store.videos import all_videos  # noqa: PLC0415

    with open_store(database_url(db)) as store:
        for reference in [exhibit] if exhibit else store.exhibits(case):
            exhibit_id = store.exhibit_ids(case, reference)[0]
            for sha256, outcome in all_videos(store, exhibit_id):
                if as_json:
                    told = video_object(reference, sha256, outcome)
                    click.echo(json.dumps(told, ensure_ascii=False, separators=(",", ":")))
                else:
                    click.echo(video_line(reference, sha256, outcome))


@video.command(
    epilog=examples("triage video frames 9f86d081... --case OP-X --out film.vpdq"),
)
@sha256_argument
@case_option
@exhibit_option
@click.option("--name", help="What the video is called in the list. Default: its SHA-256.")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), help="New file. Default: standard output."
)
@db_option
def frames(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    sha256: str,
    case: str,
    exhibit: str | None,
    name: str | None,
    out: Path | None,
    db: str | None,
) -> None:
    """Write the frames of a video as vPDQ lines: frame,quality,pdq,timestamp.

    The list can be taken by 'triage hashset import' here and elsewhere, and by other tools for
    vPDQ; they pass over the comment at its head.
    """
    from triage.export.vpdqlines import vpdq_lines  # noqa: PLC0415  (help stays instant)
    from triage.store.database import open_store  # noqa: PLC0415

    wanted = _digest(sha256)
    with open_store(database_url(db)) as store:
        found = _hashed(store, case, exhibit, wanted)
    head = f"# video: {printable(name or wanted.hex())}"
    text = "".join(f"{line}\n" for line in (head, *vpdq_lines(found)))
    if out is None:
        click.echo(text, nl=False)
    else:
        _write_new(out, text)


@video.command(epilog=examples("triage video join films/*.vpdq --out listed.vpdq"))
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--out", "-o", required=True, type=click.Path(path_type=Path), help="New file for the list."
)
def join(*, files: tuple[Path, ...], out: Path) -> None:
    """Join vPDQ files, of one video each, to one list for 'triage hashset import'.

    FILE is a file or a folder of files. Each video is called as its file is, unless the file says
    another name by a line '# video: NAME'.
    """
    parts = []
    for path in _each_file(files):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageFault(f"{printable(str(path))}: cannot be read as text: {error}") from error
        if "# video:" not in text:
            parts.append(f"# video: {printable(path.stem)}\n")
        parts.append(text if text.endswith("\n") else f"{text}\n")
    _write_new(out, "".join(parts))


@video.command(
    epilog=examples("triage video copy 9f86d081... --case OP-X --out /cases/OP-X/copies"),
)
@sha256_argument
@case_option
@exhibit_option
@click.option(
    "--out",
    "-o",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that the copy is written to.",
)
@with_by
@db_option
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def copy(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    sha256: str,
    case: str,
    exhibit: str | None,
    folder: Path,
    by: str,
    db: str | None,
    as_json: bool,
) -> None:
    """Make a working copy of a video as MP4, to be played where the original is not.

    Packets are copied as they are where MP4 takes them; else the video is encoded anew. The
    original is read, compared with its SHA-256 and never changed. The copy has a digest of its own,
    which stands in the case beside that of its source, and in a JSON file beside the copy. It is
    no evidence in itself.
    """
    from triage.cli.videowords import copy_object  # noqa: PLC0415  (help stays instant)
    from triage.store.database import open_store  # noqa: PLC0415
    from triage.store.videocopies import add_copy  # noqa: PLC0415

    wanted, who = _digest(sha256), person(by)
    with open_store(database_url(db)) as store:
        exhibit_id = _exhibit_of(store, case, exhibit, wanted)
        made = _made(store, case, wanted, folder, who)
        add_copy(store, exhibit_id, made)
        store.commit()
    told = {"case": case, **copy_object(made)}
    _write_new(folder / f"{made.name}.json", json.dumps(told, indent=2) + "\n")
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(f"{printable(str(folder / made.name))}: {made.how}")
        click.echo(f"SHA-256 {made.copy_sha256.hex()}, {made.copy_bytes:,} bytes")


def _made(store: Store, case: str, wanted: bytes, folder: Path, who: str) -> WorkingCopy:
    from triage.pipeline.videocopying import CopyWish, make_copy  # noqa: PLC0415  (help stays instant)
    from triage.scheduler import ProcessPool  # noqa: PLC0415
    from triage.store.viewing import readable_places  # noqa: PLC0415
    from triage.store.voterows import case_of  # noqa: PLC0415

    case_id, _ = case_of(store.connection, case)
    places = readable_places(store, case_id, wanted, _MOST_PLACES)
    store.rollback()
    wish = CopyWish(
        sha256=wanted, folder=folder, by=who, now_s=int(time.time()), time_limit_s=_COPY_S
    )
    pool = ProcessPool(workers=1, memory_limit_bytes=_MEMORY_BYTES)
    try:
        return make_copy(pool, places, wish)
    finally:
        pool.close()


def _exhibit_of(store: Store, case: str, exhibit: str | None, wanted: bytes) -> int:
    """Give the first exhibit that holds a content."""
    for exhibit_id in store.exhibit_ids(case, exhibit):
        if store.known_contents(exhibit_id, [wanted]):
            return exhibit_id
    raise UsageFault(f"nothing in case {case!r} has the SHA-256 {wanted.hex()}")


def _hashed(store: Store, case: str, exhibit: str | None, wanted: bytes) -> VideoHashes:
    from triage.model.video import VideoHashes  # noqa: PLC0415  (help stays instant)
    from triage.store.videos import videos_of  # noqa: PLC0415

    for exhibit_id in store.exhibit_ids(case, exhibit):
        found = videos_of(store, exhibit_id, [wanted]).get(wanted)
        if isinstance(found, VideoHashes):
            return found
        if found is not None:
            raise UsageFault(f"no frames of {wanted.hex()} were hashed: {found.reason}")
    raise UsageFault(f"no video in case {case!r} with the SHA-256 {wanted.hex()} was looked into")


def _digest(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        value = b""
    if len(value) != 32:
        raise UsageFault(f"{text!r} is no SHA-256: 64 hex digits are needed")
    return value


def _each_file(given: tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        found += sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    return found


def _write_new(path: Path, text: str) -> None:
    """Write a text under a name that nothing has yet.

    Raises:
        UsageFault: it is taken, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageFault(
            f"{printable(str(path))} is there already: nothing of it was changed"
        ) from None
    except OSError as error:
        words = error.strerror or str(error)
        raise UsageFault(f"{printable(str(path))}: cannot be written: {words}") from error
