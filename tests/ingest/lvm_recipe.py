"""Lays the medium of a recipe out as LVM2 does: metadata by lvm2, places as lvm2 tells them."""

from __future__ import annotations

import gzip
import json

from layer_recipe import FIXTURES, PLAIN

HEAD = gzip.decompress((FIXTURES / "volumes" / "lvm-head.bin.gz").read_bytes())
TOLD = json.loads((FIXTURES / "volumes" / "lvm.json").read_text())
SIZE = 4 * 1024**2


def medium(head: bytes = HEAD) -> bytearray:
    """Lay the ext2 of the recipe where ``lvs`` says that ``home`` lies."""
    out = bytearray(head.ljust(SIZE, b"\0"))
    for segment in TOLD["segments"]:
        if segment["lv_name"] == "home":
            first = int(segment["seg_pe_ranges"].partition("-")[0])
            start, size = int(segment["seg_start"]), int(segment["seg_size"])
            place = TOLD["extents_start_bytes"] + first * TOLD["extent_bytes"]
            out[place : place + size] = PLAIN[start : start + size]
    return out
