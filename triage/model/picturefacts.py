"""What a picture says of itself: its camera, its time and its place, as written in the file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """Facts from the EXIF of a picture, which anybody can change; empty where it says nothing.

    Words are printable and bounded, whatever the file has.

    Attributes:
        serial: of the body of the camera.
        taken: ``YYYY-MM-DDTHH:MM:SS`` by the clock of the camera, with its offset to UTC
            (``+01:00``) only where the picture tells it.
        latitude: degrees, north positive, -90 to 90; ``None`` where no place is told.
        longitude: degrees, east positive, -180 to 180; told with the latitude or not at all.
    """

    make: str = ""
    model: str = ""
    serial: str = ""
    software: str = ""
    taken: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def says_anything(self) -> bool:
        """Tell whether there is a single fact."""
        return self != _NOTHING


_NOTHING = PictureFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTag:
    """One line of what a picture says of itself, for a person to read.

    Attributes:
        group: ``picture``, ``camera`` or ``place``.
        value: printable, bounded.
    """

    group: str
    name: str
    value: str
