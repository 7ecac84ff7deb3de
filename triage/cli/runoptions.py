"""The options of a run, the same for one that a person starts and for those of a night."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from triage.cli.sealkey import key_option, seal_keys
from triage.errors import UsageFault
from triage.model.video import QUERY_SHARE

if TYPE_CHECKING:
    from triage.batch.working import Settings
    from triage.hashing.limits import VideoLimits
    from triage.model.carving import CarveMode
    from triage.pipeline.plan import TimeLimits

_Command = TypeVar("_Command", bound=Callable[..., Any])

_GIB = 1 << 30

_OPTIONS = (
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="NAME",
        help="Reference pack; repeatable. Default: all.",
    ),
    key_option,
    click.option(
        "--workers", type=click.IntRange(1), help="Worker processes. Default: one a core."
    ),
    click.option(
        "--skip-pictures",
        is_flag=True,
        help="Digests only: leave pictures uncompared by appearance, as a gap, for a later run.",
    ),
    click.option(
        "--no-videos",
        is_flag=True,
        help="Digests only of videos: leave their frames uncompared, as a gap, for a later run.",
    ),
    click.option(
        "--video-share",
        type=click.FloatRange(0.01, 1),
        default=QUERY_SHARE,
        show_default=True,
        help="Share of the frames of a video, or of a listed one, that makes them match.",
    ),
    click.option(
        "--dihedral",
        is_flag=True,
        help="Find pictures that were turned by quarters or mirrored too. Searching takes eight "
        "times as long, decoding up to half as long again; eight times as many look-alikes by "
        "chance.",
    ),
    click.option(
        "--carve",
        type=click.Choice(("unallocated", "slack", "none")),
        default="unallocated",
        show_default=True,
        help="Look for pictures and videos without a name in what no file holds; slack: behind "
        "the ends of files too. None of it without a medium, as in folders and extractions.",
    ),
    click.option(
        "--medium",
        type=click.Choice(("ssd", "hdd")),
        default="ssd",
        show_default=True,
        help="What the image lies on; hdd: one reader at a time, in the order of the disk.",
    ),
    click.option(
        "--entry-time",
        type=click.FloatRange(1),
        default=120.0,
        show_default=True,
        help="Seconds an entry may take, beside what its size allows.",
    ),
    click.option(
        "--picture-time",
        type=click.FloatRange(1),
        default=60.0,
        show_default=True,
        help="Seconds a picture may take.",
    ),
    click.option(
        "--video-time",
        type=click.FloatRange(1),
        default=900.0,
        show_default=True,
        help="Seconds a video may take; what of it was compared by then stands.",
    ),
    click.option(
        "--worker-memory",
        type=click.FloatRange(1),
        default=4.0,
        show_default=True,
        help="GiB of address space a worker may use (not on Windows).",
    ),
)


def run_options(command: _Command) -> _Command:
    """Give a command the options that say how a run works; their values go by name."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Give what the options say of the machine."""
    from triage.batch.working import Settings  # noqa: PLC0415  (help stays instant)

    return Settings(
        keys=seal_keys(given["key_files"]),
        memory_limit_bytes=int(given["worker_memory"] * _GIB),
        one_reader=given["medium"] == "hdd",
    )


def video_limits_of(given: Mapping[str, Any]) -> VideoLimits:
    """Give how far videos are looked into."""
    from triage.hashing.limits import VideoLimits  # noqa: PLC0415  (help stays instant)

    return VideoLimits(time_s=given["video_time"])


def limits_of(given: Mapping[str, Any]) -> TimeLimits:
    """Give the time limits, once the options are known not to contradict each other.

    Raises:
        UsageFault: pictures are asked for in one way and left out in another.
    """
    from triage.pipeline.plan import TimeLimits  # noqa: PLC0415  (help stays instant)

    if given["dihedral"] and given["skip_pictures"]:
        raise UsageFault("--dihedral is about pictures, and --skip-pictures leaves them out")
    return TimeLimits(entry_s=given["entry_time"], picture_s=given["picture_time"])


def carve_of(given: Mapping[str, Any]) -> CarveMode:
    """Give what is to be looked through for files without a name."""
    from triage.model.carving import CarveMode  # noqa: PLC0415  (help stays instant)

    return CarveMode(given["carve"])


def workers_of(given: Mapping[str, Any]) -> int:
    """Give how many workers are meant: those that were named, else one for each core."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return int(given["workers"] or cores)
