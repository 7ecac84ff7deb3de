"""triage: device triage for police Digital Forensics Units."""

from __future__ import annotations

__version__ = "0.1.0"
