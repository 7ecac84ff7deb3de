"""Secrets are taken from a file or a prompt, and nothing else is told of them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from road import IMAGES, Road, code
from triage.cli.cluster import ClusterWish
from triage.cli.givensecrets import check_road, given_secrets
from triage.errors import UsageFault
from triage.model.secret import MOST, Secrets

SECRET = "correct horse battery 7 staple"  # noqa: S105  (of this test)


def written(folder: Path, data: bytes) -> Path:
    """Give a file that only its owner can read."""
    file = folder / "passwords.txt"
    file.write_bytes(data)
    file.chmod(0o600)
    return file


def test_each_line_is_a_secret_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    file = written(
        tmp_path, "\ufeff# no comment \r\n\r\n spaces \n# no comment \npässword".encode()
    )
    found = given_secrets(file, ask=False)
    assert found.texts == ("# no comment ", " spaces ", "pässword")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"sesame\xff\n", "no UTF-8 text"),
        (b"\n".join(b"sesame%d" % number for number in range(MOST + 1)), "at most"),
        (b"sesame" * 20_000, "bytes"),
    ],
)
def test_what_is_no_list_of_secrets_is_refused_without_showing_it(
    tmp_path: Path, data: bytes, words: str
) -> None:
    with pytest.raises(UsageFault) as caught:
        given_secrets(written(tmp_path, data), ask=False)
    assert words in caught.value.message
    assert "sesame" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_is_not_there_is_a_fault_of_the_call(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="No such file"):
        given_secrets(tmp_path / "absent", ask=False)


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_a_file_that_others_may_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, SECRET.encode())
    file.chmod(0o644)
    given_secrets(file, ask=False)
    told = capsys.readouterr().err
    assert "0644" in told
    assert SECRET not in told


def test_secrets_do_not_show_in_what_is_printed_of_values() -> None:
    assert SECRET not in repr(Secrets(texts=(SECRET,)))


def test_secrets_do_not_go_over_a_network_in_clear() -> None:
    def wish(address: str) -> ClusterWish:
        return ClusterWish(address=address, patience_s=1, certificates=())

    secrets = Secrets(texts=(SECRET,))
    with pytest.raises(UsageFault, match="in clear"):
        check_road(secrets, wish("tcp://host:8786"))
    check_road(secrets, wish("tls://host:8786"))
    check_road(secrets, None)
    check_road(Secrets(), wish("tcp://host:8786"))


def test_a_run_with_secrets_writes_them_nowhere(road: Road, tmp_path: Path) -> None:
    file = written(tmp_path, SECRET.encode())
    result = road.on_case(
        "run", "--exhibit", "ABC/1", "--secrets", file, "--workers", "1", IMAGES / "ext2.raw"
    )
    assert code(result) in {0, 3}, result.output
    assert SECRET not in result.output + result.stderr
    kept = b"".join(path.read_bytes() for path in road.folder.glob("cases.sqlite*"))
    assert b"ext2.raw" in kept
    assert SECRET.encode() not in kept


def test_a_prompt_takes_several_until_nothing_is_typed(road: Road) -> None:
    from click.testing import CliRunner  # noqa: PLC0415  (what is typed)

    from triage.cli.app import cli  # noqa: PLC0415

    words = ["quick", "--ask-secrets", "--json", str(IMAGES / "ext2.raw")]
    result = CliRunner().invoke(cli, words, env=road.environment(), input=f"{SECRET}\nanother\n\n")
    assert result.stderr.count("empty: no more") == 3
    assert SECRET not in result.output + result.stderr


def test_secrets_reach_workers_in_memory_and_only_as_themselves() -> None:
    packed = pickle.dumps(Secrets(texts=(SECRET,)))
    assert pickle.loads(packed) == Secrets(texts=(SECRET,))  # noqa: S301  (made here)
