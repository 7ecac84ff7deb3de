"""What is not even tried, apart from what tries it: light to import for who only hands it on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLimits:
    """What is not even tried.

    Attributes:
        max_pixels: by the header, before anything is decoded. 200 million let the largest telephone
            cameras of today through.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000
