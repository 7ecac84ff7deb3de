"""What headers made to be followed for nothing cost a search."""

from __future__ import annotations

from triage.ingest.carvers import jpeg
from triage.ingest.stretches import Piece, Stretches


def test_a_chain_of_segments_without_a_picture_is_not_followed_for_ever() -> None:
    sector = (b"\xff\xd8\xff\xe1" + (510).to_bytes(2, "big")).ljust(512, b"A")
    body = sector * 8192  # each header's chain runs through all those behind it

    class Counted(Piece):
        reads = 0

        def read(self, at: int, length: int) -> bytes:
            Counted.reads += 1
            return super().read(at, length)

    stretches = Stretches(lambda at, length: body[at : at + length], ((0, len(body)),))
    assert jpeg.measure(Counted(stretches, 0, len(body))) is None
    assert 0 < Counted.reads < 5000
