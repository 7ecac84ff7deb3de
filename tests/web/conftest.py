"""What tests of the pages share."""

from __future__ import annotations

from albumhere import album, album_once  # noqa: F401  (fixtures are found by their names here)

from suitehere import (  # noqa: F401  (fixtures are found by their names here)
    app,
    browser,
    browsers,
    client,
    examined,
    examined_client,
    examined_once,
    live,
    live_examined,
    page_as,
    suite,
)
