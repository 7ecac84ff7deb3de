"""Segment names roll as the format's documentation says."""

from __future__ import annotations

import pytest

from triage.ingest.containers.ewf_names import segment_number


@pytest.mark.parametrize(
    ("suffix", "series", "number"),
    [
        (".E01", "E", 1),
        (".e99", "E", 99),
        (".EAA", "E", 100),
        (".EAB", "E", 101),
        (".EBA", "E", 126),
        (".EZZ", "E", 775),
        (".FAA", "E", 776),
        (".ZZZ", "E", 14_971),
        (".s01", "S", 1),
        (".saa", "S", 100),
        (".taa", "S", 776),
        (".Ex01", "Ex", 1),
        (".ExAA", "Ex", 100),
        (".ExZZ", "Ex", 775),
        (".EyAA", "Ex", 776),
        (".EzZZ", "Ex", 2_127),
        (".LxAA", "Ex", 0),
        (".ExAA", "E", 0),
        (".E01", "S", 0),
        (".EAA", "S", 0),
        (".dd", "E", 0),
        (".E1", "E", 0),
    ],
)
def test_numbers_of_segments(suffix: str, series: str, number: int) -> None:
    assert segment_number(suffix, series) == number
