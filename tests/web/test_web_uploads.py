"""Evidence sent by the API: exactly what was sent is here, or a plain refusal; nobody else's."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from suitehere import Client, served, signed_token
from triage.model.account import AuditAction
from triage.store.audit import Audit
from triage.store.settings import set_settings
from triage.store.uploads import UploadState
from triage.web import cookies
from triage.web.suite import Suite

RAW = "application/octet-stream"
Clients = Callable[[str | None], Client]


def described(**files: bytes) -> dict[str, Any]:
    return {
        "files": [
            {
                "name": name.replace("_", "."),
                "size_bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for name, data in files.items()
        ]
    }


def begun(officer: Client, **files: bytes) -> str:
    answer = officer.call("POST", "/api/uploads", json=described(**files))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


def sent(officer: Client, key: str, data: bytes, *, at: int = 0, nth: int = 0) -> Any:
    headers = {"Upload-Offset": str(at), "Content-Type": RAW}
    return officer.call("PATCH", f"/api/uploads/{key}/{nth}", content=data, headers=headers)


def noted(suite: Suite, action: AuditAction) -> list[dict[str, str]]:
    with suite.stores.open() as store:
        rows = Audit(store.connection).rows(action=action, limit=100)
    return [dict(row.line.detail) for row in rows]


@pytest.fixture
def officer(client: Clients) -> Client:
    return client("officer")


def test_two_segments_arrive_in_pieces_and_are_checked(suite: Suite, officer: Client) -> None:
    parts = (os.urandom(5_000_000), os.urandom(70_000))
    key = begun(officer, Disk_E01=parts[0], Disk_E02=parts[1])
    for nth, data in enumerate(parts):
        for at in range(0, len(data), 4_500_000):
            answer = sent(officer, key, data[at : at + 4_500_000], at=at, nth=nth)
            assert answer.json() == {"received_bytes": min(len(data), at + 4_500_000)}
    ended = officer.call("POST", f"/api/uploads/{key}/finish").json()
    assert ended["state"] == "checked"
    assert ended["checked_bytes"] == ended["size_bytes"] == 5_070_000
    for one, data in zip(ended["files"], parts, strict=True):
        assert one["sha256_before"] == one["sha256_after"] == hashlib.sha256(data).hexdigest()
    folder = suite.home / "uploads" / key
    assert [one.name for one in sorted(folder.iterdir())] == ["evidence.E01", "evidence.E02"]
    assert (folder / "evidence.E01").read_bytes() == parts[0]
    again = officer.call("POST", f"/api/uploads/{key}/finish").json()
    assert again == ended
    assert noted(suite, AuditAction.UPLOADED) == [
        {"upload": key, "first": "Disk.E01", "files": "2", "bytes": "5070000"}
    ]


def test_what_differs_is_refused_and_not_kept(suite: Suite, officer: Client) -> None:
    key = begun(officer, a_dd=b"as it was")
    assert sent(officer, key, b"as it wa5").status_code == 200
    ended = officer.call("POST", f"/api/uploads/{key}/finish").json()
    assert ended["state"] == "refused"
    assert ended["files"][0]["sha256_after"] == hashlib.sha256(b"as it wa5").hexdigest()
    assert list((suite.home / "uploads").iterdir()) == []
    assert len(noted(suite, AuditAction.UPLOAD_REFUSED)) == 1
    assert sent(officer, key, b"", at=9).status_code == 409


MISFITS = (
    ({"Content-Type": RAW}, 422),
    ({"Content-Type": RAW, "Upload-Offset": "-1"}, 422),
    ({"Content-Type": RAW, "Upload-Offset": "1e3"}, 422),
    ({"Content-Type": RAW, "Upload-Offset": str(1 << 80)}, 422),
    ({"Content-Type": RAW, "Upload-Offset": "1"}, 409),
    ({"Content-Type": "text/plain", "Upload-Offset": "0"}, 415),
    ({"Content-Type": "multipart/form-data", "Upload-Offset": "0"}, 415),
    ({"Content-Type": RAW, "Upload-Offset": "0", "X-CSRF-Token": "no"}, 403),
    ({"Content-Type": RAW, "Upload-Offset": "0", "Origin": "https://elsewhere.test"}, 403),
)


def test_a_piece_that_does_not_fit_changes_nothing(suite: Suite, officer: Client) -> None:
    key = begun(officer, a_dd=b"abc")
    for headers, status in MISFITS:
        answer = officer.call("PATCH", f"/api/uploads/{key}/0", content=b"abc", headers=headers)
        assert answer.status_code == status, headers
        assert answer.json()["error"]["message"]
    assert officer.get(f"/api/uploads/{key}").json()["received_bytes"] == 0
    assert not (suite.home / "uploads").exists()


def test_more_than_was_said_is_refused(officer: Client) -> None:
    key = begun(officer, a_dd=bytes(5_000_000))

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield bytes(100_000)

    headers = {"Upload-Offset": "0", "Content-Type": RAW}
    answer = officer.call("PATCH", f"/api/uploads/{key}/0", content=endless(), headers=headers)
    assert answer.status_code == 413
    here = officer.get(f"/api/uploads/{key}").json()["received_bytes"]
    assert here <= 5_000_000
    assert sent(officer, key, bytes(5_000_001), at=here).status_code == 413
    assert officer.get(f"/api/uploads/{key}").json()["received_bytes"] == here


def test_offers_are_answered_before_any_digest_is_taken(officer: Client) -> None:
    def offer(*files: tuple[str, int]) -> Any:
        said = [{"name": name, "size_bytes": size} for name, size in files]
        return officer.call("POST", "/api/uploads/offer", json={"files": said})

    assert offer(("a.E01", 5), ("a.E02", 5)).status_code == 204
    assert offer(("a.E01", 65 * 10**9)).status_code == 413
    refused = offer(("a.E01", 5), ("notes.txt", 5))
    assert refused.status_code == 422
    assert "'notes.txt' is not part of a disk image" in refused.json()["error"]["message"]
    assert officer.get("/api/uploads").json() == {"uploads": []}


def test_a_full_disk_is_507(suite: Suite, officer: Client) -> None:
    with suite.stores.open() as store:
        set_settings(store.connection, {"upload_free_gb": 100_000}, by="Ada", now_s=suite.now_s())
        store.connection.commit()
    suite.forget_settings()
    answer = officer.call("POST", "/api/uploads", json=described(a_dd=b"abc"))
    assert answer.status_code == 507
    assert "no room" in answer.json()["error"]["message"]


def test_nobody_else_reaches_an_upload(client: Clients, officer: Client) -> None:
    key = begun(officer, a_dd=b"abc")
    for name in ("officer2", "officer3"):
        other = client(name)
        assert other.get("/api/uploads").json() == {"uploads": []}
        answers = (
            other.get(f"/api/uploads/{key}"),
            other.get(f"/api/uploads/{key}/0/edges"),
            sent(other, key, b"abc"),
            other.call("POST", f"/api/uploads/{key}/finish"),
            other.call("DELETE", f"/api/uploads/{key}"),
        )
        assert [one.status_code for one in answers] == [404] * 5
    for name in ("examiner", "manager"):
        assert client(name).get(f"/api/uploads/{key}").status_code == 403
    assert client(None).get(f"/api/uploads/{key}").status_code == 401
    assert officer.get(f"/api/uploads/{key}").json()["received_bytes"] == 0


def test_removing_takes_the_files_away(suite: Suite, officer: Client) -> None:
    key = begun(officer, a_dd=b"abcdef")
    sent(officer, key, b"abc")
    edges = officer.get(f"/api/uploads/{key}/0/edges").json()
    assert edges["first_sha256"] == edges["last_sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert officer.call("DELETE", f"/api/uploads/{key}").status_code == 204
    assert list((suite.home / "uploads").iterdir()) == []
    assert officer.get(f"/api/uploads/{key}").status_code == 404
    assert officer.call("DELETE", f"/api/uploads/{key}").status_code == 404


def test_names_are_words_and_nothing_else(suite: Suite, officer: Client) -> None:
    for name in (
        "\r\nSet-Cookie: a=b.E01",
        "<img src=x onerror=alert(1)>.E01",
        "=1+1.E01",
        "é\u202e.E01",
    ):
        said = {"files": [{"name": name, "size_bytes": 3, "sha256": "0" * 64}]}
        answer = officer.call("POST", "/api/uploads", json=said)
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/json"
        assert "set-cookie" not in answer.headers
        told = officer.get("/api/uploads").json()["uploads"]
        assert told[0]["files"][0]["name"] == name
        sent(officer, told[0]["key"], b"abc")
        folder = suite.home / "uploads" / told[0]["key"]
        assert [one.name for one in folder.iterdir()] == ["evidence.E01"]


def raw_request(address: str, suite: Suite, name: str) -> tuple[Any, dict[str, str]]:
    token, csrf = signed_token(suite, name)
    parts = urlsplit(address)
    assert parts.hostname
    headers = {"Cookie": f"{cookies.SESSION}={token}", "X-CSRF-Token": csrf}
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=20), headers


def test_what_arrived_before_a_connection_broke_is_there_for_the_next_server(
    suite: Suite, officer: Client
) -> None:
    data = os.urandom(6_000_000)
    key = begun(officer, a_dd=data)
    folder = suite.home / "uploads" / key
    with served(suite) as address:
        connection, headers = raw_request(address, suite, "officer")
        connection.putrequest("PATCH", f"/api/uploads/{key}/0")
        whole = {"Upload-Offset": "0", "Content-Type": RAW, "Content-Length": str(len(data))}
        for header, value in {**headers, **whole}.items():
            connection.putheader(header, value)
        connection.endheaders(data[:5_500_000])
        until = time.monotonic() + 20
        while not has(folder, 4 << 20) and time.monotonic() < until:
            time.sleep(0.02)
        connection.sock.close()
        while not has(folder, 5_500_000) and time.monotonic() < until:
            time.sleep(0.02)
    with served(suite) as address:
        connection, headers = raw_request(address, suite, "officer")
        connection.request("GET", f"/api/uploads/{key}", headers=headers)
        here = json.loads(connection.getresponse().read())["received_bytes"]
        assert 4 << 20 <= here <= 5_500_000
        more = {"Upload-Offset": str(here), "Content-Type": RAW}
        connection.request(
            "PATCH", f"/api/uploads/{key}/0", body=data[here:], headers={**headers, **more}
        )
        assert json.loads(connection.getresponse().read()) == {"received_bytes": len(data)}
        connection.close()
    ended = officer.call("POST", f"/api/uploads/{key}/finish").json()
    assert ended["state"] == UploadState.CHECKED
    assert (folder / "evidence.dd").read_bytes() == data


def has(folder: Path, size_bytes: int) -> bool:
    path = folder / "evidence.dd"
    return path.exists() and path.stat().st_size >= size_bytes
