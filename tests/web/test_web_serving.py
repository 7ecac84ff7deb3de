"""``triage serve``: where it may listen, what it says, and how it ends."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from road import Road, code
from suitehere import CHEAP, client_of, open_suite, people, served
from triage.errors import UsageFault
from triage.store import anchors
from triage.store.database import Stores
from triage.web.app import make_app
from triage.web.logs import Harmless
from triage.web.serving import Place, serve
from triage.web.suite import Suite


@pytest.mark.parametrize(
    "parts",
    [
        {"host": "0.0.0.0"},  # noqa: S104  (refused)
        {"host": "10.0.0.5"},
        {"host": "::"},
        {"host": "triage.force.example"},
        {"host": "10.0.0.5", "proxied": True, "names": ("triage.force.example",)},
        {"proxied": True},
        {"certificate": Path(__file__)},
        {"key": Path(__file__)},
        {"certificate": Path("none.pem"), "key": Path("none.pem")},
        {"certificate": Path(__file__), "key": Path(__file__), "proxied": True},
        {"certificate": Path(__file__), "key": Path(__file__), "host": "0.0.0.0"},  # noqa: S104
    ],
    ids=str,
)
def test_nobody_elses_machine_is_answered_in_clear(parts: dict[str, object]) -> None:
    with pytest.raises(UsageFault):
        Place(**parts).checked()  # type: ignore[arg-type]


def test_what_may_be_asked_for_and_what_to_type() -> None:
    here = Place().checked()
    assert (here.address, here.site.tls) == ("http://127.0.0.1:8000/", False)
    assert here.site.hosts == {"127.0.0.1", "localhost", "[::1]"}
    behind = Place(proxied=True, names=("Triage.Force.example",)).checked()
    assert behind.address == "https://Triage.Force.example/"
    assert behind.site.tls
    assert "triage.force.example" in behind.site.hosts
    six = Place(host="::1", port=1).checked()
    assert six.address == "http://[::1]:1/"
    file = Path(__file__)
    own = Place(host="10.0.0.5", certificate=file, key=file).checked()
    assert own.address == "https://10.0.0.5:8000/"
    assert "10.0.0.5" in own.site.hosts


def test_who_asks_and_how_is_believed_from_a_proxy_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.sqlite'}"
    Stores(url, create=True).close()
    told = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https", "Host": "t.example"}
    for proxied in (False, True):
        place = Place(proxied=proxied, names=("t.example",))
        suite = Suite(url=url, home=tmp_path, site=place.site, cost=CHEAP)
        if not proxied:
            people(suite)
        with served(suite, place) as address, httpx2.Client(base_url=address) as browser:
            page = browser.get("/sign-in", headers=told)
            csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
            before = page.headers["set-cookie"].partition(";")[0]
            answer = browser.post(
                "/sign-in",
                data={"csrf": csrf, "name": "nobody", "password": "x"},
                headers={**told, "Cookie": before, "Origin": "https://t.example"},
            )
            assert ("strict-transport-security" in page.headers) == proxied
            assert answer.status_code == (400 if proxied else 403)
            assert ("10.1.2.3" in suite.rates._seen.__repr__()) == proxied
        suite.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=t"
    done = subprocess.run(
        [
            *("openssl", *words.split(), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return cert, key


def test_it_encrypts_by_itself_and_refuses_what_is_old(tmp_path: Path) -> None:
    try:
        cert, key = certificate(tmp_path)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    url = f"sqlite:///{tmp_path / 'c.sqlite'}"
    Stores(url, create=True).close()
    place = Place(certificate=cert, key=key).checked()
    with open_suite(url, tmp_path) as suite:
        suite.site = place.site
        with served(suite, place) as plain:
            address = plain.replace("http:", "https:")
            context = ssl.create_default_context(cafile=str(cert))
            answer = httpx2.get(address + "/sign-in", verify=context)
            assert answer.headers["strict-transport-security"]
            assert "server" not in answer.headers
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            assert httpx2.get(address + "/robots.txt", verify=context).status_code == 200


def test_it_says_where_it_is_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    road = Road(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "triage", "serve", "--port", "0", "--db", road.database],
        env=road.environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        words = ""
        while "Ctrl-C" not in words:
            line = process.stderr.readline()
            assert line, words
            words += line
        found = re.search(r"http://127\.0\.0\.1:[1-9]\d*/", words)
        assert found is not None, words
        assert "no administrator yet" in words
        assert "triage user add" in words
        assert "Sign in" in httpx2.get(found[0] + "sign-in").text
        assert httpx2.get(found[0], headers={"Host": "x.example"}).status_code == 421
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "stopped" in err
    assert "GET" not in words + err
    if os.name == "posix":
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_what_does_not_fit_is_said_and_is_no_defect(tmp_path: Path) -> None:
    road = Road(tmp_path)
    result = road.call("serve", "--host", "0.0.0.0", "--db", road.database)  # noqa: S104  (refused)
    assert code(result) == 2
    assert "in clear" in str(result.exception)
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    words = ("serve", "--port", "0", "--tls-cert", junk, "--tls-key", junk, "--db", road.database)
    assert code(road.call(*words)) == 2
    road.home.mkdir(exist_ok=True)
    (road.home / "serve.toml").write_text("[oidc]\n")
    assert code(road.call("serve", "--port", "0", "--db", road.database)) == 2


def test_the_audit_is_noted_outside_when_serving_begins_and_ends(
    suite: Suite,
) -> None:
    with served(suite):
        pass
    assert anchors.read_anchors(suite.home / anchors.NAME) == ()
    client_of(make_app(suite), "officer").send("/sign-out")
    until = time.monotonic() + 0.3
    told = {"stop": lambda: time.monotonic() > until, "ready": lambda _place: None}
    serving = threading.Thread(target=serve, args=(suite, Place(port=0)), kwargs=told)
    serving.start()
    serving.join(30)
    found = anchors.read_anchors(suite.home / anchors.NAME)
    assert [one.number for one in found] == [1, 1]


def test_a_log_line_is_one_line_and_does_nothing_to_a_terminal() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Harmless())
    logger = logging.getLogger("triage.web.trial")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        int("IMG\n\x1b[31m\u202e.jpg\n")
    except ValueError:
        logger.exception("name \x1b]0;x\x07 \nERROR: forged")
    finally:
        logger.removeHandler(handler)
    text = stream.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    first, *others = text.splitlines()
    assert first == "error: name \\x1b]0;x\\x07 \\x0aERROR: forged"
    assert all(one.startswith("  ") for one in others)
