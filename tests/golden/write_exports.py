"""Write the golden exports anew; read every changed byte before you commit it.

Call it from the root: ``python tests/golden/write_exports.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "export"))

import export_records as made  # noqa: E402  (found only once the path is set)

from triage.export.exporter import select  # noqa: E402  (as above)
from triage.export.formats import EXPORTERS  # noqa: E402  (as above)

ENDINGS = {"vics": "json", "csv": "csv", "jsonl": "jsonl"}


def main() -> None:
    for name, records, graded in (
        ("export", made.records(), False),
        ("graded", made.graded_records(), True),
    ):
        for exporter in EXPORTERS:
            ordered = made.by_content(records) if exporter.order == "content" else records
            with (HERE / f"{name}.{ENDINGS[exporter.id]}").open("wb") as out:
                head = made.head(graded=graded)
                exporter.write(select(ordered, exporter.include), head, out)


if __name__ == "__main__":
    main()
