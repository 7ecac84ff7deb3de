"""Signing in at a provider: one of our own on loopback, which may lie in every way there is."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from joserfc import jwk, jwt

from suitehere import Client, client_of
from triage.errors import UsageFault
from triage.model.account import Account, Role
from triage.store.accounts import Accounts
from triage.store.audit import Audit
from triage.web import cookies
from triage.web.app import make_app
from triage.web.oidc import Provider, read_provider
from triage.web.suite import Suite

SECRET = "of the client"  # noqa: S105  (of a provider that lives as long as a test)
RIGHT = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
WRONG = jwk.RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass(slots=True)
class Other:
    """A provider at which everybody is ``subject``; ``claims`` replaces what a token says."""

    address: str = ""
    subject: str = "0f1e2d"
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: RIGHT)
    unsigned: bool = False
    called: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorise(self, asked: dict[str, str]) -> str:
        """Give the address that a person is sent back to."""
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"].split()[0] == "openid"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.address}
        return asked["redirect_uri"] + "?" + urlencode(back)

    def token(self, asked: dict[str, str], head: str) -> dict[str, Any] | None:
        """Exchange a code, once, for who brings what it was made for."""
        first = self.codes.pop(asked.get("code", ""), None)
        client = base64.b64decode(head.removeprefix("Basic ")).decode()
        if first is None or client != f"triage:{SECRET}":
            return None
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != first["code_challenge"] or asked["redirect_uri"] != first["redirect_uri"]:
            return None
        now_s = int(time.time())
        claims = {
            "iss": self.address,
            "sub": self.subject,
            "aud": "triage",
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": first["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        if not self.unsigned:
            return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        parts = (json.dumps(one).encode() for one in ({"alg": "none"}, claims))
        return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."


class Handler(BaseHTTPRequestHandler):
    other: Other

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        parts, other = urlsplit(self.path), self.other
        if parts.path == "/.well-known/openid-configuration":
            self.tell(
                {
                    "issuer": other.called or other.address,
                    "authorization_endpoint": other.address + "/authorise",
                    "token_endpoint": other.address + "/token",
                    "jwks_uri": other.address + "/keys",
                }
            )
        else:
            self.tell({"keys": [RIGHT.as_dict(private=False)]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        found = self.other.token(asked, self.headers.get("Authorization", ""))
        self.tell(found or {"error": "invalid_grant"}, 200 if found else 400)

    def tell(self, words: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"other": made}))
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def known(suite: Suite, other: Other) -> Account:
    """Give who the provider knows as its ``subject``."""
    suite.provider = Provider(
        name="Force account",
        issuer=other.address,
        client_id="triage",
        client_secret=SECRET,
        redirect_uri="https://127.0.0.1/sign-in/provider/back",
    )
    with suite.stores.open() as store:
        accounts = Accounts(store.connection)
        user_id = accounts.add(
            "force.person",
            "Fay Force",
            {Role.OFFICER},
            issuer=other.address,
            subject=other.subject,
            now_s=suite.now_s(),
        )
        store.connection.commit()
        found = accounts.by_id(user_id)
    assert found is not None
    return found


def go_there(browser: Client, way: str = "/account") -> dict[str, str]:
    """Go to the provider, and give what it was asked."""
    answer = browser.get(f"/sign-in/provider?next={way}", follow_redirects=False)
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def there_and_back(browser: Client, other: Other) -> Any:
    return browser.get(other.authorise(go_there(browser)), follow_redirects=False)


def why(suite: Suite) -> str:
    """Give what the audit says of the last refusal; nobody got in."""
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(limit=50)
    assert {row.line.action.value for row in rows} == {"sign-in-refused"}
    return dict(rows[-1].line.detail)["why"]


def test_who_is_known_comes_in_and_goes_where_the_way_led(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    browser = client_of(app, None)
    assert "Sign in with Force account" in browser.get("/sign-in").text
    answer = there_and_back(browser, other)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    page = browser.get("/account").text
    assert known.shown in page
    assert "Change your password" not in page
    assert cookies.ROUND_TRIP not in dict(browser.cookies)
    with suite.stores.open() as store:
        (row,) = Audit(store.connection).rows(limit=9)
    assert (row.line.by, dict(row.line.detail)["how"]) == ("force.person", "oidc")


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": ["triage", "x"], "azp": "x"}, "azp"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"nbf": 4_000_000_000}, "not yet valid"),
        ({"at_hash": "AAAA"}, "at_hash"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_token_that_says_anything_else_lets_nobody_in(
    app: FastAPI, known: Account, other: Other, lie: dict[str, Any], words: str
) -> None:
    suite: Suite = app.state.suite
    assert known.active
    other.claims = lie
    browser = client_of(app, None)
    answer = there_and_back(browser, other)
    assert answer.status_code == 400
    assert "did not work" in answer.text
    assert words not in answer.text.split("<main")[1]
    assert words in why(suite)
    assert browser.get("/account", follow_redirects=False).status_code == 303


def test_a_token_that_another_key_or_none_signed_lets_nobody_in(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    del known
    for key, unsigned in ((WRONG, False), (RIGHT, True)):
        other.key, other.unsigned = key, unsigned
        assert there_and_back(client_of(app, None), other).status_code == 400
        assert "does not hold" in why(suite)


def test_only_the_browser_that_left_comes_back_once_and_in_time(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    del known
    browser, stranger = client_of(app, None), client_of(app, None)
    back = other.authorise(go_there(browser))
    assert stranger.get(back, follow_redirects=False).status_code == 400
    assert "did not bring back" in why(suite)
    go_there(stranger)
    assert stranger.get(back, follow_redirects=False).status_code == 400
    assert "state" in why(suite)
    now_s = suite.now_s()
    suite.now_s = lambda: now_s + 601
    assert browser.get(back, follow_redirects=False).status_code == 400
    assert "ten minutes" in why(suite)
    suite.now_s = lambda: now_s
    back = other.authorise(go_there(browser))
    assert browser.get(back + "&iss=https://x.example", follow_redirects=False).status_code == 400
    back = other.authorise(go_there(browser))
    assert browser.get(back, follow_redirects=False).status_code == 303
    assert browser.get(back, follow_redirects=False).status_code == 400


def test_a_code_of_another_sign_in_and_a_refusal_let_nobody_in(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    del known
    victim, thief = client_of(app, None), client_of(app, None)
    code = parse_qs(urlsplit(other.authorise(go_there(victim))).query)["code"][0]
    state = go_there(thief)["state"]
    path = f"/sign-in/provider/back?code={code}&state={state}"
    assert thief.get(path, follow_redirects=False).status_code == 400
    assert "not exchanged" in why(suite)
    state = go_there(thief)["state"]
    path = f"/sign-in/provider/back?error=access_denied%0d%0aX&state={state}"
    assert thief.get(path, follow_redirects=False).status_code == 400
    assert "access_denied" in why(suite)


def test_who_is_not_known_or_not_active_stays_outside(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    other.subject = "somebody else"
    assert there_and_back(client_of(app, None), other).status_code == 400
    assert "nobody here is known" in why(suite)
    other.subject = "0f1e2d"
    with suite.stores.open() as store:
        Accounts(store.connection).change(
            known.user_id, shown="x", roles=known.roles, team_id=-1, active=False
        )
        store.connection.commit()
    assert there_and_back(client_of(app, None), other).status_code == 400
    assert "not active" in why(suite)


def test_groups_of_the_force_become_roles_and_accounts_where_that_is_wanted(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    assert suite.provider is not None
    suite.provider = replace(
        suite.provider,
        creates=True,
        roles_claim="groups",
        roles=(("DFU-Ex", Role.EXAMINER), ("DFU-Man", Role.MANAGER)),
    )

    def account(subject: str) -> Account | None:
        with suite.stores.open() as store:
            return Accounts(store.connection).by_subject(other.address, subject)

    other.claims = {"groups": ["DFU-Ex", "Canteen"]}
    assert there_and_back(client_of(app, None), other).status_code == 303
    assert account("0f1e2d") == replace(known, roles=frozenset({Role.EXAMINER}))
    other.subject = "new"
    other.claims = {"groups": "DFU-Man", "preferred_username": "N.New", "name": "Nia <New>"}
    browser = client_of(app, None)
    assert there_and_back(browser, other).status_code == 303
    assert "Nia &lt;New&gt;" in browser.get("/account").text
    made = account("new")
    assert made is not None
    assert (made.name, made.roles, made.local) == ("n.new", frozenset({Role.MANAGER}), False)
    for subject, claims in (
        ("other", {"groups": ["Canteen"], "preferred_username": "o.other"}),
        ("taken", {"groups": ["DFU-Ex"], "preferred_username": "Administrator"}),
        ("nameless", {"groups": ["DFU-Ex"]}),
        ("number", {"groups": 7, "preferred_username": "n.number"}),
        ("odd", {"groups": {"DFU-Ex": 1}, "preferred_username": 7}),
    ):
        other.subject, other.claims = subject, claims
        answer = there_and_back(client_of(app, None), other)
        if subject != "odd":
            assert answer.status_code == 400, subject
            assert account(subject) is None
        assert answer.status_code < 500


def test_a_provider_that_is_away_or_another_one_is_told_as_such(
    app: FastAPI, known: Account, other: Other, suite: Suite
) -> None:
    del known
    other.called = "https://elsewhere.example"
    browser = client_of(app, None)
    answer = browser.get("/sign-in/provider", follow_redirects=False)
    assert (answer.status_code, "another name" in why(suite)) == (400, True)
    assert suite.provider is not None
    away = make_suite_of(suite, replace(suite.provider, issuer="http://127.0.0.1:9"))
    answer = client_of(away, None).get("/sign-in/provider", follow_redirects=False)
    assert (answer.status_code, "does not answer" in why(suite)) == (400, True)


def make_suite_of(suite: Suite, provider: Provider) -> FastAPI:
    suite._parts.clear()
    suite.provider = provider
    return make_app(suite)


def test_there_is_no_such_way_where_no_provider_is_set(app: FastAPI) -> None:
    browser = client_of(app, None)
    assert browser.get("/sign-in/provider").status_code == 404
    assert browser.get("/sign-in/provider/back?code=x&state=y").status_code == 404
    assert "Sign in with" not in browser.get("/sign-in").text


GOOD = """
[oidc]
name = "Force account"
issuer = "https://login.force.example/tenant"
client_id = "triage"
client_secret_file = "secret.txt"
accounts = "create"
roles_claim = "groups"
[oidc.roles]
officer = ["Officers", "Response"]
examiner = ["DFU"]
"""


def test_the_settings_are_read_and_what_does_not_fit_is_named(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    site = "https://triage.force.example/"
    assert read_provider(file, site_address=site) is None
    (tmp_path / "secret.txt").write_text("s3cret\n")
    file.write_text(GOOD)
    found = read_provider(file, site_address=site)
    assert found is not None
    assert found.client_secret == "s3cret"  # noqa: S105  (as written above)
    assert found.redirect_uri == "https://triage.force.example/sign-in/provider/back"
    assert found.roles_of({"groups": ["DFU", "Response"]}) == {Role.EXAMINER, Role.OFFICER}
    assert found.roles_of({}) == frozenset()
    for wrong, words in (
        (GOOD.replace("https://login", "http://login"), "https://"),
        (GOOD.replace("secret.txt", "none.txt"), "none.txt"),
        (GOOD.replace("client_id", "client"), "takes"),
        (GOOD.replace("examiner =", "inspector ="), "oidc.roles"),
        (GOOD.replace('"create"', '"all"'), "known"),
        (GOOD.replace('roles_claim = "groups"', ""), "go together"),
        (GOOD + "[tls]\n", "tls"),
        ("[oidc\n", "serve.toml"),
        ("[oidc]\n", "issuer"),
    ):
        file.write_text(wrong)
        with pytest.raises(UsageFault, match=words):
            read_provider(file, site_address=site)


def test_what_the_provider_says_is_by_the_person_it_vouched_for(
    app: FastAPI, suite: Suite, other: Other, known: Account
) -> None:
    """Somebody else was signed in at the same browser before."""
    assert suite.provider is not None
    suite.provider = replace(
        suite.provider, roles_claim="groups", roles=(("dfu", Role.EXAMINER),), creates=True
    )
    other.claims = {"groups": ["dfu"]}
    browser = client_of(app, "manager")
    assert there_and_back(browser, other).status_code == 303
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(0, action="account-changed", limit=9)
    assert [(one.line.by, one.line.role) for one in rows] == [(known.name, "provider")]


def test_an_account_that_is_disabled_on_the_way_back_stays_so(
    app: FastAPI,
    suite: Suite,
    other: Other,
    known: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert suite.provider is not None
    suite.provider = replace(suite.provider, roles_claim="groups", roles=(("dfu", Role.EXAMINER),))
    other.claims = {"groups": ["dfu"]}

    def meanwhile(_self: Provider, _claims: object) -> frozenset[Role]:
        with suite.stores.open() as store:
            Accounts(store.connection).change(
                known.user_id, shown=known.shown, roles=known.roles, team_id=-1, active=False
            )
            store.connection.commit()
        return frozenset({Role.EXAMINER})

    monkeypatch.setattr(Provider, "roles_of", meanwhile)
    assert there_and_back(client_of(app, None), other).status_code == 400
    with suite.stores.open() as store:
        now = Accounts(store.connection).by_id(known.user_id)
    assert now is not None
    assert (now.active, now.roles) == (False, known.roles)


def test_a_namesake_of_the_force_has_a_name_of_their_own(
    app: FastAPI, suite: Suite, other: Other, known: Account
) -> None:
    assert suite.provider is not None
    suite.provider = replace(
        suite.provider, roles_claim="groups", roles=(("dfu", Role.EXAMINER),), creates=True
    )
    other.subject = "somebody else"
    other.claims = {"groups": ["dfu"], "preferred_username": "f.2", "name": known.shown}
    assert there_and_back(client_of(app, None), other).status_code == 303
    with suite.stores.open() as store:
        made = Accounts(store.connection).by_name("f.2")
    assert made is not None
    assert made.shown == "Fay Force (f.2)"


def test_some_who_sign_in_at_the_provider_keep_nobody_else_from_it(
    app: FastAPI, known: Account, other: Other
) -> None:
    """There is no password to guess here: what is counted is the address alone."""
    del known
    answers = [there_and_back(client_of(app, None), other).status_code for _ in range(20)]
    assert answers == [303] * 20
