"""What the ways of copying a database have in common."""

from __future__ import annotations


class CopyFault(Exception):
    """A database cannot be copied, or a copy not be put back; the text says why, and what would help."""
