"""Keeps linear algebra on one core, as triage's workers do; imported first, as numpy asks once."""

from __future__ import annotations

import os

from bench_process import LINEAR_ALGEBRA

os.environ.update(dict.fromkeys(LINEAR_ALGEBRA, "1"))
