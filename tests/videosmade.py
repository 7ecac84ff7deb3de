"""Videos made by ffmpeg from footage that is generated, for tests of all rooms."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FOOTAGE = {
    "set": "mandelbrot=size=480x270:rate=25:start_scale=2.2:end_scale=0.4:end_pts=250",
    "other": "mandelbrot=size=480x270:rate=25:start_x=-1.25:start_y=-0.05:start_scale=0.3:"
    "end_scale=0.02:end_pts=250",
    "cells": "life=size=120x68:rate=25:mold=10:ratio=0.3:seed=7:death_color=#C83232:"
    "life_color=#00ff00,scale=480:270",
}
"""Generators of libavfilter: what each shows, and no one else has."""


def make(place: Path, *arguments: str) -> Path:
    """Let ffmpeg write a file, silently and with the same bytes each time."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *arguments]
    subprocess.run([*command, "-fflags", "+bitexact", str(place)], check=True, timeout=120)
    return place


@functools.cache
def footage(name: str = "set", seconds: int = 6, gop: int = 250, *, suffix: str = "mp4") -> bytes:
    """Give a video of some footage, H.264."""
    with tempfile.TemporaryDirectory() as folder:
        made = make(
            Path(folder) / f"made.{suffix}",
            *("-f", "lavfi", "-i", FOOTAGE[name], "-t", str(seconds), "-c:v", "libx264"),
            *("-preset", "veryfast", "-g", str(gop), "-pix_fmt", "yuv420p", "-threads", "1"),
        )
        return made.read_bytes()


@functools.cache
def remade(data: bytes, *arguments: str, suffix: str = "mp4") -> bytes:
    """Give a video made anew from another."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.bin"
        source.write_bytes(data)
        return make(Path(folder) / f"made.{suffix}", "-i", str(source), *arguments).read_bytes()
