"""Serves an installation until it is killed: ``python bench_server.py URL HOME PORT``."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from triage.web.app import make_app
from triage.web.suite import Suite

if __name__ == "__main__":
    url, home, port = sys.argv[1:]
    suite = Suite(url=url, home=Path(home))
    uvicorn.run(make_app(suite), host="127.0.0.1", port=int(port), log_level="error")
