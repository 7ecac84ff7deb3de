"""The order of the queue: its laws for any ledger and any weights, and figures worked by hand."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.batch.order import Place, ReasonKind, in_order, place
from triage.batch.weights import Weights, default_bytes, load_weights
from triage.errors import UsageFault
from triage.model.ledger import ExhibitFacts, LedgerEntry, OwnerRole, Stage, StatutoryKind

NOW_S = int(datetime(2026, 11, 22, 6, tzinfo=UTC).timestamp())
TODAY = date(2026, 11, 22)
DAY_S = 86_400
BANDS = ("very high", "high", "medium", "low")
POINTS = st.sampled_from([0.0, 0.04, 1.0, 10.0, 99.95, 300.0, 1e6])
FEW = settings(max_examples=50)


@st.composite
def any_weights(draw: st.DrawFn) -> Weights:
    roles = {role: draw(POINTS) for role in OwnerRole}
    roles[OwnerRole.VICTIM] = max(roles.values())
    bail = draw(POINTS)
    return Weights(
        bands=tuple(zip(BANDS, sorted((draw(POINTS) for _ in BANDS), reverse=True), strict=True)),
        band_unknown=draw(POINTS),
        band_none=draw(POINTS),
        horizon_days=draw(st.integers(1, 90)),
        bail=bail,
        custody=bail + draw(POINTS),
        owner=tuple(roles.items()),
        age_per_week=draw(POINTS),
        age_most=draw(st.just(0.0) | POINTS),
        per_further_exhibit=draw(st.sampled_from([-1000.0, -5.0, 0.0, 5.5])),
        most_further_exhibits=draw(st.integers(0, 20)),
    )


DAYS = st.integers(-400, 400).map(lambda days: (TODAY + timedelta(days)).isoformat())
FACTS = st.builds(
    ExhibitFacts,
    case=st.sampled_from(["OP-X", "OP-Y"]),
    exhibit=st.text("AB/12", min_size=1, max_size=3),
    received_s=st.integers(0, 5).map(lambda weeks: NOW_S - weeks * 7 * DAY_S)
    | st.integers(0, NOW_S + DAY_S),
    owner_role=st.sampled_from(OwnerRole),
    risk_band=st.sampled_from([*BANDS, "", "Very  High", "odd"]),
    statutory_kind=st.sampled_from(StatutoryKind),
    statutory_on=st.just("") | DAYS,
)
ENTRIES = st.lists(
    st.builds(
        LedgerEntry,
        ledger_id=st.integers(1, 1000),
        facts=FACTS,
        stage=st.just(Stage.QUEUED),
        entered_s=st.just({}),
        held_s=st.just(-1) | st.just(5),
        bumped_s=st.just(-1) | st.integers(0, 3),
        devices_in_case=st.integers(1, 30),
    ),
    max_size=8,
    unique_by=lambda one: (one.facts.case, one.facts.exhibit),
)


def entry(**facts: object) -> LedgerEntry:
    """Make an exhibit of today, with facts of its own."""
    values: dict[str, object] = {"case": "OP-X", "exhibit": "A/1", "received_s": NOW_S, **facts}
    devices = values.pop("devices", 1)
    return LedgerEntry(
        ledger_id=1,
        facts=ExhibitFacts(**values),  # type: ignore[arg-type]
        stage=Stage.QUEUED,
        entered_s={},
        devices_in_case=int(str(devices)),
    )


def points(found: Place) -> dict[ReasonKind, float]:
    return {one.kind: one.points for one in found.reasons}


@FEW
@given(st.data(), any_weights(), ENTRIES)
def test_the_order_is_total_and_independent_of_the_order_of_the_entries(
    data: st.DataObject, weights: Weights, entries: list[LedgerEntry]
) -> None:
    found = in_order(entries, weights, NOW_S)
    shuffled = data.draw(st.permutations(entries))
    assert in_order(shuffled, weights, NOW_S) == found
    assert {one.facts for one, _ in found} == {one.facts for one in entries if one.held_s < 0}


@FEW
@given(any_weights(), ENTRIES)
def test_bumped_ones_lead_in_the_order_of_bump_and_points_fall_after(
    weights: Weights, entries: list[LedgerEntry]
) -> None:
    found = in_order(entries, weights, NOW_S)
    bumps = [one.bumped_s for one, _ in found if one.bumped_s >= 0]
    rest = [placed.points for one, placed in found[len(bumps) :]]
    assert bumps == sorted(bumps)
    assert all(one.bumped_s < 0 for one, _ in found[len(bumps) :])
    assert rest == sorted(rest, reverse=True)


@FEW
@given(any_weights(), ENTRIES)
def test_the_sum_is_that_of_the_reasons_as_shown(
    weights: Weights, entries: list[LedgerEntry]
) -> None:
    for one in entries:
        found = place(one, weights, NOW_S)
        shown = [float(f"{reason.points:.1f}") for reason in found.reasons]
        assert f"{sum(shown):.1f}" == f"{found.points:.1f}"
        assert [reason.kind for reason in found.reasons] == list(ReasonKind)


def first_of(weights: Weights, *facts: ExhibitFacts) -> ExhibitFacts:
    """Give the first of exhibits that differ in facts, whatever they are called."""
    entries = [
        dataclasses.replace(entry(), ledger_id=nth, facts=one) for nth, one in enumerate(facts)
    ]
    return in_order(entries, weights, NOW_S)[0][0].facts


@FEW
@given(any_weights(), FACTS, st.data())
def test_a_higher_band_with_all_else_equal_is_never_later(
    weights: Weights, facts: ExhibitFacts, data: st.DataObject
) -> None:
    high, low = sorted(data.draw(st.lists(st.integers(0, 3), min_size=2, max_size=2, unique=True)))
    better = dataclasses.replace(facts, risk_band=BANDS[high], exhibit="B")
    worse = dataclasses.replace(facts, risk_band=BANDS[low], exhibit="A")
    if round(dict(weights.bands)[BANDS[high]], 1) > round(dict(weights.bands)[BANDS[low]], 1):
        assert first_of(weights, worse, better) == better
    else:
        assert first_of(weights, worse, better) == worse


@FEW
@given(
    any_weights(), FACTS, st.sampled_from([StatutoryKind.BAIL, StatutoryKind.CUSTODY]), DAYS, DAYS
)
def test_an_earlier_statutory_date_with_all_else_equal_is_never_later(
    weights: Weights, facts: ExhibitFacts, kind: StatutoryKind, one_day: str, other_day: str
) -> None:
    early, late = sorted((one_day, other_day))
    kinded = dataclasses.replace(facts, statutory_kind=kind)
    sooner = dataclasses.replace(kinded, statutory_on=early, exhibit="B" if early < late else "A")
    later = dataclasses.replace(kinded, statutory_on=late, exhibit="A" if early < late else "B")
    assert first_of(weights, later, sooner) == sooner


@FEW
@given(any_weights(), FACTS)
def test_custody_is_never_after_bail_of_the_same_day(weights: Weights, facts: ExhibitFacts) -> None:
    kinds = [dataclasses.replace(facts, statutory_kind=kind) for kind in StatutoryKind]
    bail, custody = (
        place(dataclasses.replace(entry(), facts=one), weights, NOW_S) for one in kinds[:2]
    )
    assert kinds[1].statutory_kind is StatutoryKind.CUSTODY
    assert custody.points >= bail.points


@FEW
@given(any_weights(), FACTS, st.sampled_from(OwnerRole))
def test_a_victims_device_is_never_after_anothers_of_equal_rest(
    weights: Weights, facts: ExhibitFacts, role: OwnerRole
) -> None:
    victims = dataclasses.replace(facts, owner_role=OwnerRole.VICTIM, exhibit="B")
    others = dataclasses.replace(facts, owner_role=role, exhibit="A")
    if role is not OwnerRole.VICTIM:
        assert first_of(weights, others, victims) == victims


@FEW
@given(any_weights(), FACTS, st.integers(0, NOW_S + DAY_S), st.integers(0, NOW_S + DAY_S))
def test_what_arrived_earlier_is_never_later(
    weights: Weights, facts: ExhibitFacts, one_s: int, other_s: int
) -> None:
    early, late = sorted((one_s, other_s))
    old = dataclasses.replace(facts, received_s=early, exhibit="B" if early < late else "A")
    new = dataclasses.replace(facts, received_s=late, exhibit="A" if early < late else "B")
    assert first_of(weights, new, old) == old


def test_points_of_the_packaged_weights_as_worked_by_hand(own_home: Path) -> None:
    assert not own_home.exists()
    weights = load_weights()
    one = entry(
        risk_band=" HIGH ",
        owner_role=OwnerRole.WITNESS,
        received_s=NOW_S - 43 * DAY_S - 5,
        statutory_kind=StatutoryKind.BAIL,
        statutory_on="2026-12-01",
        devices=3,
    )
    # 9 of 28 days are left: 300 * 19 / 28; 43 days are 43 / 7 weeks of 10 points.
    assert points(place(one, weights, NOW_S)) == {
        ReasonKind.RISK: 300,
        ReasonKind.STATUTORY: 203.6,
        ReasonKind.OWNER: 100,
        ReasonKind.AGE: 61.4,
        ReasonKind.CASE: 10,
    }
    assert place(one, weights, NOW_S).points == 675


@pytest.mark.parametrize(
    ("kind", "days", "worth"),
    [
        (StatutoryKind.CUSTODY, 28, 0),
        (StatutoryKind.CUSTODY, 14, 300),
        (StatutoryKind.CUSTODY, 0, 600),
        (StatutoryKind.CUSTODY, -30, 600),
        (StatutoryKind.BAIL, 7, 225),
        (StatutoryKind.BAIL, 0, 300),
        (StatutoryKind.BAIL, 400, 0),
    ],
)
def test_a_statutory_date_counts_more_as_it_comes_nearer(
    kind: StatutoryKind, days: int, worth: float, own_home: Path
) -> None:
    assert not own_home.exists()
    on = (TODAY + timedelta(days)).isoformat()
    found = place(entry(statutory_kind=kind, statutory_on=on), load_weights(), NOW_S)
    assert points(found)[ReasonKind.STATUTORY] == worth


def test_reasons_say_what_was_not_known(own_home: Path) -> None:
    assert not own_home.exists()
    weights = load_weights()
    words = {
        one.kind: one.words
        for one in place(
            entry(risk_band="v.high\x1b[31m", statutory_kind=StatutoryKind.BAIL), weights, NOW_S
        ).reasons
    }
    assert words[ReasonKind.RISK] == r"'v.high\x1b[31m' is not in the list of bands"
    assert words[ReasonKind.STATUTORY] == "bail without a date: not counted"
    assert "not stated" in words[ReasonKind.OWNER]
    none = place(entry(), weights, NOW_S).reasons[0]
    assert (none.words, none.points) == ("no band was given", weights.band_none)


def test_a_cap_and_a_negative_weight_do_what_they_say(own_home: Path) -> None:
    assert not own_home.exists()
    weights = dataclasses.replace(load_weights(), age_most=50, per_further_exhibit=-7)
    found = points(place(entry(received_s=0, devices=100), weights, NOW_S))
    assert found[ReasonKind.AGE] == 50
    assert found[ReasonKind.CASE] == -70


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_file_in_the_home_is_the_one_in_force(own_home: Path) -> None:
    packaged = load_weights()
    assert packaged.sha256 == hashlib.sha256(default_bytes()).hexdigest()
    own_home.mkdir()
    text = default_bytes().decode().replace('"low" = 100', '"low" = 1, "Sehr hoch" = 9')
    # As Windows' editor writes it: a byte order mark and other ends of lines.
    raw = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    (own_home / "queue.toml").write_bytes(raw)
    own = load_weights()
    assert own.source == str(own_home / "queue.toml")
    assert own.sha256 == hashlib.sha256(raw).hexdigest()
    assert own.band("SEHR  HOCH") == ("Sehr hoch", 9)
    assert own.band("low") == ("low", 1)
    assert packaged.band("low") == ("low", 100)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("horizon_days = 28", "horizon_day = 28", "statutory.horizon_day: no such key"),
        ("horizon_days = 28", "", "statutory.horizon_days: is missing"),
        ("horizon_days = 28", "horizon_days = 0", "statutory.horizon_days: has to be from 1"),
        ("horizon_days = 28", "horizon_days = 2.5", "statutory.horizon_days: has to be a whole"),
        ("horizon_days = 28", "horizon_days = true", "statutory.horizon_days: has to be a number"),
        ("per_week = 10", "per_week = nan", "age.per_week: has to be a number"),
        ("per_week = 10", "per_week = inf", "age.per_week: has to be from 0"),
        ("per_week = 10", f"per_week = {10**400}", "age.per_week: has to be from 0"),
        ("per_week = 10", "per_week = -1", "age.per_week: has to be from 0"),
        ("per_week = 10", 'per_week = "10"', "age.per_week: has to be a number"),
        ("per_week = 10", "per_week = ", "line"),
        ("[age]", "[ages]", "ages: no such key"),
        ("[age]", "[[age]]", "age: has to be a table"),
        ("victim = 300", "victim = 99", "owner.victim: must not be less"),
        ("custody = 600", "custody = 1", "statutory.custody: must not be less"),
        ('"low" = 100', '"LOW" = 1, "low" = 2', "risk.bands.low: is empty or stands there twice"),
        ('"low" = 100', '"low" = "x"', "risk.bands.low: has to be a number"),
        ("unknown = 300", "unknown = 300\nunknown = 1", "line"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_file_and_key(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = tmp_path / "queue.toml"
    text = default_bytes().decode()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    with pytest.raises(UsageFault) as fault:
        load_weights(path)
    assert fault.value.message.startswith(f"{path}: ")
    assert said in fault.value.message


@FEW
@given(st.binary(max_size=200))
def test_any_other_file_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-queue.toml"
    path.write_bytes(raw)
    with pytest.raises(UsageFault):
        load_weights(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=r"queue\.toml"):
        load_weights(tmp_path / "queue.toml")
    (tmp_path / "deep.toml").write_text("a=" + "[" * 100_000)
    with pytest.raises(UsageFault, match=r"deep\.toml"):
        load_weights(tmp_path / "deep.toml")
