"""The chain of the audit: whatever is done to its lines shows, and at which line."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.access.chain import FIRST, Anchor, FaultKind, Verdict, line_bytes, link_of, verify
from triage.model.account import AuditAction, AuditLine, AuditRow
from triage.model.auditchain import TornRow

ANY = st.text(
    st.characters(codec=None) | st.sampled_from("\0\ud83d\ude00\U0001f600,|\x1f"), max_size=6
)
LINES = st.builds(
    AuditLine,
    at_ms=st.integers(-(2**63), 2**63 - 1),
    action=st.sampled_from(AuditAction),
    by=ANY,
    role=ANY,
    case=ANY,
    exhibit=ANY,
    sha256=st.sampled_from([b"", bytes(32), b"\xff" * 32]) | st.binary(max_size=40),
    detail=st.lists(st.tuples(ANY, ANY), max_size=3).map(tuple),
    address=ANY,
)
NUMBERS = st.integers(1, 2**63 - 1)


def parsed(octets: bytes) -> tuple[int, AuditLine]:
    """Read the bytes of a line back by nothing but their description."""
    number, at_ms = struct.unpack_from(">Qq", octets)
    fields, place = list[bytes](), 16
    while place < len(octets):
        (length,) = struct.unpack_from(">Q", octets, place)
        fields.append(octets[place + 8 : place + 8 + length])
        place += 8 + length
    assert place == len(octets)
    sha256, *rest = fields
    action, by, role, case, exhibit, address, *pairs = (
        one.decode("utf-8", "surrogatepass") for one in rest
    )
    line = AuditLine(
        at_ms=at_ms, action=AuditAction(action), by=by, role=role, case=case, exhibit=exhibit,
        sha256=sha256, detail=tuple(zip(pairs[::2], pairs[1::2], strict=True)), address=address,
    )  # fmt: skip
    return number, line


@given(NUMBERS, LINES)
@settings(max_examples=300)
def test_the_bytes_of_a_line_can_be_read_back_so_no_two_lines_share_them(
    number: int, line: AuditLine
) -> None:
    assert parsed(line_bytes(number, line)) == (number, line)


@given(NUMBERS, LINES, NUMBERS, LINES)
def test_other_lines_have_other_bytes_and_links(
    number: int, one: AuditLine, other_number: int, other: AuditLine
) -> None:
    same = (number, one) == (other_number, other)
    assert (line_bytes(number, one) == line_bytes(other_number, other)) is same
    assert (link_of(FIRST, number, one) == link_of(FIRST, other_number, other)) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"by": "ab", "role": "c"}, {"by": "a", "role": "bc"}),
        ({"case": "x", "exhibit": ""}, {"case": "", "exhibit": "x"}),
        ({"detail": (("a", "b"),)}, {"detail": (("a", ""), ("b", ""))}),
        ({"detail": (("a", "b"), ("c", "d"))}, {"detail": (("c", "d"), ("a", "b"))}),
        ({"address": "x", "detail": ()}, {"address": "", "detail": (("x", ""),)}),
        ({"sha256": b""}, {"sha256": bytes(32)}),
    ],
)
def test_what_moves_between_fields_shows(one: dict[str, object], other: dict[str, object]) -> None:
    line = AuditLine(at_ms=1, action=AuditAction.NOTED, by="e")
    first, second = replace(line, **one), replace(line, **other)  # type: ignore[arg-type]
    assert link_of(FIRST, 1, first) != link_of(FIRST, 1, second)


def chain(rows: int, begin: int = 1, previous: bytes = FIRST, by: str = "eve") -> list[AuditRow]:
    """Give a chain, or one that goes on from another."""
    found = []
    for number in range(begin, rows + 1):
        line = AuditLine(at_ms=number * 1_000, action=AuditAction.GRADED, by=by)
        previous = link_of(previous, number, line)
        found.append(AuditRow(number=number, line=line, link=previous))
    return found


def anchor(row: AuditRow) -> Anchor:
    return Anchor(number=row.number, link=row.link)


def told(found: Verdict) -> list[tuple[FaultKind, int, int]]:
    return [(one.kind, one.number, one.last) for one in found.faults]


def renumbered(rows: Sequence[AuditRow]) -> list[AuditRow]:
    return [replace(row, number=nth) for nth, row in enumerate(rows, 1)]


SIZE = 40
WHOLE = chain(SIZE)
PLACES = st.integers(1, SIZE)


def test_a_chain_that_nobody_touched_is_whole_and_so_is_none() -> None:
    found = verify(iter(WHOLE), [anchor(WHOLE[9]), anchor(WHOLE[-1])])
    assert (found.whole, found.rows, found.head) == (True, SIZE, (SIZE, WHOLE[-1].link))
    assert (found.anchors, found.anchored) == (2, SIZE)
    assert verify([]).head == (0, FIRST)
    assert verify([]).whole


@given(PLACES, LINES)
def test_a_line_that_was_changed_is_named_alone(place: int, line: AuditLine) -> None:
    row = WHOLE[place - 1]
    if line != row.line:
        rows = [*WHOLE[: place - 1], replace(row, line=line), *WHOLE[place:]]
        assert told(verify(rows)) == [(FaultKind.CHANGED, place, place)]


@given(PLACES, st.binary(max_size=40))
def test_a_link_that_was_changed_is_named_alone(place: int, link: bytes) -> None:
    row = WHOLE[place - 1]
    if link != row.link:
        rows = [*WHOLE[: place - 1], replace(row, link=link), *WHOLE[place:]]
        assert told(verify(rows)) == [(FaultKind.CHANGED, place, place)]


@given(PLACES, st.booleans())
def test_a_line_that_was_torn_is_named_alone(place: int, link: bool) -> None:  # noqa: FBT001  (from hypothesis)
    kept = WHOLE[place - 1].link if link else b""
    torn: AuditRow | TornRow = TornRow(number=place, why="torn", link=kept)
    rows = [*WHOLE[: place - 1], torn, *WHOLE[place:]]
    assert told(verify(rows)) == [(FaultKind.CHANGED, place, place)]


@given(st.integers(1, SIZE - 1))
def test_a_link_made_anew_shows_at_the_next_line_which_names_both(place: int) -> None:
    before = WHOLE[place - 2].link if place > 1 else FIRST
    forged = chain(place, place, before, by="mallory")
    found = verify([*WHOLE[: place - 1], *forged, *WHOLE[place:]])
    assert told(found) == [(FaultKind.CHANGED, place + 1, place + 1)]
    assert f"row {place} was" in found.faults[0].words


@given(PLACES, PLACES)
def test_lines_that_were_deleted_are_named_by_their_numbers(first: int, last: int) -> None:
    first, last = sorted((first, last))
    rows = [*WHOLE[: first - 1], *WHOLE[last:]]
    wanted = [] if last == SIZE else [(FaultKind.MISSING, first, last)]
    assert told(verify(rows)) == wanted
    kind = FaultKind.CUT_OFF if last == SIZE else FaultKind.MISSING
    assert told(verify(rows, [anchor(WHOLE[-1])])) == [(kind, first, last)]


@given(PLACES, PLACES)
def test_lines_that_changed_places_are_both_named(one: int, other: int) -> None:
    if one == other:
        return
    rows = list(WHOLE)
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    found = verify(renumbered(rows))
    named = {number for fault in found.faults for number in range(fault.number, fault.last + 1)}
    assert named >= {one, other}
    assert named <= {one, one + 1, other, other + 1}
    kinds = {fault.kind for fault in found.faults}
    assert kinds <= {FaultKind.CHANGED, FaultKind.MOVED}


def test_neighbours_that_changed_places_are_told_from_changed_ones() -> None:
    rows = list(WHOLE)
    rows[4], rows[5] = rows[5], rows[4]
    (fault,) = verify(renumbered(rows)).faults
    assert (fault.kind, fault.number, fault.last) == (FaultKind.MOVED, 5, 6)
    assert "written as row 6" in fault.words


@given(PLACES)
def test_a_line_put_in_is_named_and_those_after_it_were_moved(place: int) -> None:
    before = WHOLE[place - 2].link if place > 1 else FIRST
    forged = chain(place, place, before, by="mallory")
    rows = renumbered([*WHOLE[: place - 1], *forged, *WHOLE[place - 1 :]])
    found = told(verify(rows))
    # the forged line follows from the one before it; the first that does not stands after it
    assert found[0][1] == place + 1
    assert found[-1][2] == SIZE + 1
    assert len(found) <= 2


@given(st.integers(1, SIZE - 2), st.integers(1, 5))
def test_lines_taken_out_with_all_others_numbered_anew(place: int, length: int) -> None:
    length = min(length, SIZE - 1 - place)
    rows = renumbered([*WHOLE[: place - 1], *WHOLE[place - 1 + length :]])
    found = verify(rows) if length else verify(WHOLE)
    if length:
        assert found.faults[0].number == place
        assert found.faults[-1].last == SIZE - length
        assert len(found.faults) <= 2


@given(PLACES, PLACES)
def test_a_chain_made_anew_agrees_with_itself_but_not_with_what_was_noted(
    place: int, noted: int
) -> None:
    before = WHOLE[place - 2].link if place > 1 else FIRST
    rows = [*WHOLE[: place - 1], *chain(SIZE, place, before, by="mallory")]
    assert verify(rows).whole
    found = verify(rows, [anchor(WHOLE[noted - 1])])
    wanted = [(FaultKind.REWRITTEN, 1, noted)] if noted >= place else []
    assert told(found) == wanted
    both = verify(rows, [anchor(WHOLE[0]), anchor(WHOLE[noted - 1])])
    if 1 < place <= noted:
        assert told(both) == [(FaultKind.REWRITTEN, 2, noted)]
        assert both.anchored == 1


@given(PLACES)
def test_an_end_that_was_cut_off_shows_against_what_was_noted(place: int) -> None:
    found = verify(WHOLE[: place - 1], [anchor(WHOLE[-1])])
    assert told(found) == [(FaultKind.CUT_OFF, place, SIZE)]
    assert verify(WHOLE[: place - 1]).whole


def test_lines_before_the_first_or_twice_are_named() -> None:
    odd = [replace(WHOLE[0], number=0), *WHOLE[:5], WHOLE[4], *WHOLE[5:]]
    assert told(verify(odd)) == [(FaultKind.MOVED, 0, 0), (FaultKind.MOVED, 5, 5)]


def test_what_is_named_is_bounded_and_the_others_are_counted() -> None:
    rows = [replace(row, line=replace(row.line, by="x")) for row in chain(1_500)]
    found = verify(rows)
    assert (len(found.faults), found.more) == (1_000, 500)


def test_a_fault_behind_one_that_was_found_is_found_too() -> None:
    rows: list[AuditRow] = [*WHOLE[:4], *WHOLE[6:]]
    rows[20] = replace(rows[20], line=replace(rows[20].line, case="OP-Y"))
    number = rows[20].number
    wanted = [(FaultKind.MISSING, 5, 6), (FaultKind.CHANGED, number, number)]
    assert told(verify(rows)) == wanted
