"""Sign-ins and locks: laws that hold whatever somebody tries, in whatever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.access import lockout, signin
from triage.access.people import keeps_administrator, role_words
from triage.access.tokens import new_token, one_time_password, same, token_sha256
from triage.model.account import Account, AuditAction, Role
from triage.model.settings import UnitSettings

NOW = 1_795_000_000
ACCOUNT = Account(user_id=1, name="j.smith", shown="Joan", roles=frozenset({Role.EXAMINER}))


def tried(account: Account, settings: UnitSettings, now_s: int, *, fits: bool) -> Account:
    """Give the account as it is kept after a sign-in."""
    found = signin.by_password(account, settings, now_s, fits=fits)
    if not found.counted:
        return account
    failures, until = found.count
    return replace(account, failures=failures, locked_until_s=until)


EVENTS = st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=80)
UNITS = st.builds(UnitSettings, lock_failures=st.integers(1, 6), lock_minutes=st.integers(1, 5))


@given(EVENTS, UNITS)
def test_in_no_lock_time_more_guesses_are_looked_at_than_may_fail(
    events: list[tuple[int, bool]], unit: UnitSettings
) -> None:
    """The oracle counts by itself: the moments at which a wrong guess could have been right."""
    account, now_s, looked_at = ACCOUNT, NOW, list[int]()
    for wait_s, fits in events:
        now_s += wait_s
        if fits:
            continue
        if not lockout.is_locked(account, now_s):
            looked_at.append(now_s)
        account = tried(account, unit, now_s, fits=False)
    lock_s = unit.lock_minutes * 60
    for first, later in zip(looked_at, looked_at[unit.lock_failures :], strict=False):
        # after so many failures in a row there is a whole lock before the next look
        assert later - first >= lock_s


@given(EVENTS, UNITS)
def test_who_knows_the_password_enters_unless_it_is_locked_and_then_never(
    events: list[tuple[int, bool]], unit: UnitSettings
) -> None:
    account, now_s, until, failures = ACCOUNT, NOW, -1, 0
    for wait_s, fits in events:
        now_s += wait_s
        found = signin.by_password(account, unit, now_s, fits=fits)
        locked = now_s < until
        assert found.enters is (fits and not locked)
        if not locked:
            failures = 0 if fits else (1 if until != -1 else failures + 1)
            until = now_s + unit.lock_minutes * 60 if failures >= unit.lock_failures else -1
        assert (AuditAction.LOCKED_OUT in found.actions) is (not locked and until != -1)
        account = tried(account, unit, now_s, fits=fits)
        assert (account.failures, account.locked_until_s) == (failures, until)


def test_a_lock_ends_by_itself_and_trying_does_not_prolong_it() -> None:
    unit, account = UnitSettings(), ACCOUNT
    for _ in range(unit.lock_failures):
        account = tried(account, unit, NOW, fits=False)
    assert account.locked_until_s == NOW + 900
    for wait_s in range(0, 900, 100):
        assert tried(account, unit, NOW + wait_s, fits=False) == account
        assert tried(account, unit, NOW + wait_s, fits=True) == account
    assert not lockout.is_locked(account, NOW + 900)
    assert tried(account, unit, NOW + 900, fits=True) == ACCOUNT
    assert tried(account, unit, NOW + 900, fits=False).failures == 1


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (None, "no account"),
        (replace(ACCOUNT, active=False), "not active"),
        (replace(ACCOUNT, local=False), "no password here"),
        (replace(ACCOUNT, failures=5, locked_until_s=NOW + 1), "locked"),
    ],
)
def test_who_cannot_sign_in_is_refused_and_not_counted(account: Account | None, why: str) -> None:
    for fits in (False, True):
        found = signin.by_password(account, UnitSettings(), NOW, fits=fits)
        assert (found.enters, found.counted) == (False, False)
        assert found.actions == (AuditAction.SIGN_IN_REFUSED,)
        assert why in found.why


def test_a_provider_vouches_for_who_is_known_and_active_even_if_locked() -> None:
    assert signin.by_provider(replace(ACCOUNT, locked_until_s=NOW + 900, local=False)).enters
    assert not signin.by_provider(replace(ACCOUNT, active=False)).enters
    assert not signin.by_provider(None).enters


def test_a_password_typed_as_a_name_is_not_written_down() -> None:
    found = signin.by_password(None, UnitSettings(), NOW, fits=False)
    (line,) = signin.audit_lines(
        found, None, tried="hunter2hunter2", how="password", at_ms=NOW * 1000, address="::1"
    )
    assert line.by == "hun\u2026 (14 characters)"
    assert "hunter2" not in repr(line)
    (entered,) = signin.audit_lines(
        signin.by_provider(ACCOUNT), ACCOUNT, tried="x", how="oidc", at_ms=1, address="::1"
    )
    assert (entered.by, entered.role, entered.detail) == (
        "j.smith",
        "examiner",
        (("how", "oidc"),),
    )


def test_sessions_last_as_the_unit_says() -> None:
    unit = UnitSettings(session_hours=8, idle_minutes=20)
    assert (signin.expires_s(unit, NOW), signin.idle_s(unit)) == (NOW + 28_800, 1_200)


def test_tokens_are_many_and_compared_whole() -> None:
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert {len(one) for one in tokens} == {43}
    one = tokens.pop()
    assert same(one, one)
    assert not same(one, one[:-1])
    assert not same("", "")
    assert not same(one, "\udcff\u00e9")
    # the digest of "abc" that FIPS 180 gives
    assert token_sha256("abc").hex().startswith("ba7816bf8f01cfea414140de5dae2223")
    words = {one_time_password() for _ in range(50)}
    assert len(words) == 50
    assert {len(word) for word in words} == {23}


def test_one_administrator_who_can_sign_in_stays() -> None:
    chief = replace(ACCOUNT, user_id=2, roles=frozenset({Role.ADMINISTRATOR, Role.MANAGER}))
    assert keeps_administrator((ACCOUNT, chief), chief)
    assert not keeps_administrator((ACCOUNT, chief), replace(chief, active=False))
    assert not keeps_administrator((ACCOUNT, chief), replace(chief, roles=ACCOUNT.roles))
    assert keeps_administrator((ACCOUNT, chief), replace(ACCOUNT, active=False))
    assert role_words(chief.roles) == "administrator, manager"
