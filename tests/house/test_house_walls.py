"""Walls that an import graph cannot see: the standard library, and imports made by name."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "triage").rglob("*.py"))

PROCESSES = frozenset({"multiprocessing", "concurrent", "threading", "signal", "asyncio"})
FOREIGN = {
    **dict.fromkeys(
        ("pytsk3", "pyewf", "pyfsapfs", "magic", "pylibmagic", "filetype", "deflate"),
        frozenset({"ingest"}),
    ),
    **dict.fromkeys(
        ("pyvhdi", "pymodi", "pybde", "pyvshadow"),
        frozenset({"ingest"}),
    ),
    **dict.fromkeys(
        ("pyfvde", "pyfsxfs", "pypff", "backports"),
        frozenset({"ingest"}),
    ),
    "compression": frozenset({"ingest"}),  # (of Python 3.14, where backports.zstd comes from)
    "isal": frozenset({"ingest", "matching"}),
    **dict.fromkeys(("PIL", "pillow_heif", "imagehash", "scipy", "av"), frozenset({"hashing"})),
    "ijson": frozenset({"matching"}),
    **dict.fromkeys(("defusedxml", "sqlite3", "cryptography"), frozenset({"ingest", "matching"})),
    **dict.fromkeys(("click", "rich"), frozenset({"cli"})),
    **dict.fromkeys(PROCESSES, frozenset({"scheduler"})),
    "numpy": frozenset({"ingest", "hashing", "matching", "metrics"}),
    **dict.fromkeys(("sqlalchemy", "alembic", "psycopg"), frozenset({"store"})),
    "matplotlib": frozenset({"export"}),
    "jinja2": frozenset({"export", "web"}),
    **dict.fromkeys(
        ("fastapi", "starlette", "pydantic", "uvicorn", "authlib", "httpx", "httpx2"),
        frozenset({"web"}),
    ),
    **dict.fromkeys(("itsdangerous", "joserfc", "markupsafe"), frozenset({"web"})),
    "argon2": frozenset({"access"}),
    **dict.fromkeys(("dask", "distributed"), frozenset({"scheduler"})),
    "platformdirs": frozenset({"config"}),
    # Starting programs: nothing does.
    "subprocess": frozenset(),
}
"""Which rooms may use a library; one that is not named here belongs to the standard library."""

READ_EVIDENCE = {
    "tasks.py": "what runs in the workers",
    "opened.py": "what a worker has open",
    "quick/tasks.py": "what runs in the workers of a quick pass",
    "viewing.py": "what runs in the workers that show a picture",
    "carvetasks.py": "what runs in the workers that look between files",
    "videotasks.py": "what runs in the workers that look into videos",
    "alike.py": "asks each worker of a cluster which libmagic it has",
    "verify.py": "reads one medium from end to end in this process; no file system is parsed",
    "selftest.py": "asks both rooms for their known answers",
}
"""Modules of the pipeline that may import ingest and hashing, and why."""

_LIMITS = "triage.hashing.limits"
VALUES_ONLY = {
    ("pipeline/items.py", _LIMITS): {"PictureLimits"},
    ("pipeline/carveitems.py", _LIMITS): {"PictureLimits"},
    ("pipeline/videoitems.py", _LIMITS): {"VideoLimits"},
    ("pipeline/request.py", _LIMITS): {"PictureLimits", "VideoLimits"},
    ("pipeline/picturing.py", _LIMITS): {"PictureLimits"},
    ("pipeline/carving.py", _LIMITS): {"PictureLimits"},
    ("pipeline/filming.py", _LIMITS): {"VideoLimits"},
    ("pipeline/videocopying.py", _LIMITS): {"VideoLimits"},
    ("batch/plan.py", _LIMITS): {"VideoLimits"},
    ("cli/runoptions.py", _LIMITS): {"VideoLimits"},
    ("cli/commands/run.py", _LIMITS): {"PictureLimits"},
}
"""Plain values that may be handed through from outside."""

PURE = {"abc", "collections", "dataclasses", "enum", "hashlib", "typing", "unicodedata"} | {
    "marshal",
    "struct",
    "zlib",
}
"""What the model may use of the standard library: nothing that opens, waits or asks the time."""


def room(path: Path) -> str:
    parts = path.relative_to(ROOT / "triage").with_suffix("").parts
    return parts[0]


def imports(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield modules that a file imports, ``import_module("name")`` included, and the names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, frozenset()
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or "", frozenset(alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value), frozenset()


def test_each_library_stays_in_its_rooms() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name, _ in imports(path)
        for top in [name.partition(".")[0]]
        if top in FOREIGN and room(path) not in FOREIGN[top]
    ]
    assert wrong == []


def test_every_library_in_use_has_its_rooms() -> None:
    used = {name.partition(".")[0] for path in MODULES for name, _ in imports(path)}
    assert used - set(sys.stdlib_module_names) - {"triage"} <= set(FOREIGN)


def test_only_what_runs_in_workers_imports_ingest_and_hashing() -> None:
    wrong = []
    for path in MODULES:
        inside = path.relative_to(ROOT / "triage").as_posix()
        if room(path) in {"ingest", "hashing"}:
            continue
        if inside.removeprefix("pipeline/") in READ_EVIDENCE:
            continue
        for name, names in imports(path):
            if not name.startswith(("triage.ingest", "triage.hashing")):
                continue
            if not (names and names <= VALUES_ONLY.get((inside, name), set())):
                wrong.append(f"{inside}: {name}")
    assert wrong == []


def test_model_and_errors_use_nothing_that_acts() -> None:
    wrong = [
        f"{path.name}: {name}"
        for path in MODULES
        if room(path) in {"model", "errors"}
        for name, _ in imports(path)
        if name.partition(".")[0] not in PURE | {"__future__", "triage"}
    ]
    assert wrong == []


def test_import_contracts_hold() -> None:
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("import-linter is not installed beside this interpreter")
    done = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
