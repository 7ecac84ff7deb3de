"""A reader who has seen enough ends a command quietly, with 0; other broken pipes are told."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from road import CASE, FIXTURES, IMAGES, Road
from triage.cli.streams import reader_may_go

TRIAGE = (sys.executable, "-m", "triage")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Road:
    road = Road(tmp_path_factory.mktemp("readers"))
    road.run(IMAGES / "ext2.E01")
    return road


def piped(words: list[str], environment: dict[str, str], *, talk: bool = False) -> tuple[int, str]:
    """Run triage with an output that nobody reads, or with talk that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*TRIAGE, *words],
            stdout=subprocess.PIPE if talk else writer,
            stderr=writer if talk else subprocess.PIPE,
            env=environment,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    return done.returncode, (done.stdout if talk else done.stderr).decode()


@pytest.mark.parametrize("command", ["report", "report --json", "files --json", "hits", "stacks"])
def test_listing_a_case(case: Road, command: str) -> None:
    words = [*command.split(), "--case", CASE, "--db", f"sqlite:///{case.db}"]
    code, err = piped(words, case.environment())
    assert code == 0
    assert err.replace("\n", "") in {"", "0 entries"} or err.endswith(" entries\n"), err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["--help", "run --help", "--version", "scheme list"])
def test_words_without_a_case(case: Road, command: str, unbuffered: str) -> None:
    environment = {**case.environment(), "PYTHONUNBUFFERED": unbuffered}
    assert piped(command.split(), environment) == (0, "")


def test_a_long_listing_cut_in_the_middle(case: Road) -> None:
    words = ["files", "--json", "--case", CASE, "--db", f"sqlite:///{case.db}"]
    with subprocess.Popen(
        [*TRIAGE, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=case.environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == 0
    assert b"Error" not in err


def test_work_goes_on_when_nobody_listens_to_the_talk(case: Road) -> None:
    image = str(FIXTURES / "images" / "ext2.E01")
    code, out = piped(["verify", image], case.environment(), talk=True)
    assert code == 0
    assert out.splitlines()[-1].startswith("verified:")


def test_an_error_keeps_its_code_when_nobody_listens(case: Road) -> None:
    words = ["report", "--case", "NO-SUCH", "--db", f"sqlite:///{case.db}"]
    assert piped(words, case.environment(), talk=True)[0] == 2
    assert piped(["report", "--case"], case.environment(), talk=True)[0] == 2


def test_another_broken_pipe_is_no_reader_who_has_gone() -> None:
    with pytest.raises(BrokenPipeError), reader_may_go():
        raise BrokenPipeError
