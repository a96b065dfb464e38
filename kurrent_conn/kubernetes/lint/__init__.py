"""Mistakes in manifests, found before they are applied.

`check` is pure, over parsed documents; `check_directory` reads them.
"""

from __future__ import annotations

from kurrent_conn.kubernetes.lint.checking import check
from kurrent_conn.kubernetes.lint.directory import check_directory
from kurrent_conn.kubernetes.lint.document import Document
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake

__all__ = ["Document", "Finding", "Mistake", "check", "check_directory"]
