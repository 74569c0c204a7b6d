"""Backups: the whole database in one file, with what it is and the digest by which damage shows.

Owns the form of the file and what is looked at before and after; how each kind of database is copied is the matter of
`copy_sqlite` and `copy_postgresql`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from lodestock_server.store import copy_postgresql, copy_sqlite
from lodestock_server.store.copying import CopyFault
from lodestock_server.store.database import connect
from lodestock_server.store.revisions import known_revisions, schema_of

MANIFEST = "manifest.json"
DATABASE = "database"
FORM = 1
"""Number of the form of the file; raised where an older version could not read it."""
BLOCK = 1024 * 1024


class Copying(Protocol):
    """How one kind of database is copied."""

    COMPRESSES: bool
    """Whether its copies are compressed already."""

    def dump(self, url: str, file: Path) -> None:
        """Write all that a database holds at one moment into a new file, while others work on it."""

    def load(self, url: str, file: Path) -> None:
        """Make a database hold what a copy does and nothing else, whole or not at all."""

    def is_empty(self, url: str) -> bool:
        """Whether a database holds nothing yet."""

    def others(self, url: str) -> list[str]:
        """Who else has the database open, in words."""


KINDS: Mapping[str, Copying] = {"sqlite": copy_sqlite, "postgresql": copy_postgresql}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is.

    Attributes:
        form: number of the form of the file.
        kind: of the database: "sqlite" or "postgresql".
        revision: of its schema.
        server_version: that made the backup.
        made_at: when, in UTC, ISO 8601.
        bytes: size of the copy.
        sha256: its digest, hexadecimal.
    """

    form: int
    kind: str
    revision: str
    server_version: str
    made_at: str
    bytes: int
    sha256: str


def back_up(url: str, file: Path) -> Manifest:
    """Write a backup of a database into a new file, while servers and workers go on.

    Args:
        url: SQLAlchemy's URL.
        file: must not be there yet.

    Raises:
        CopyFault: There is nothing to back up, or a file of that name, or the copy failed or is not sound.
        OSError: The database cannot be reached, or the file not be written.
    """
    if file.exists():
        raise CopyFault(f"{file} is there already")
    held = schema_of(url).held
    if held is None:
        raise CopyFault("the database is empty: there is nothing to back up")
    kind, copying = _kind_of(url)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        copy = Path(folder, DATABASE)
        copying.dump(url, copy)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        size, digest = copy.stat().st_size, _digest(copy)
        manifest = Manifest(FORM, kind, held, version("lodestock-server"), now, size, digest)
        _write(Path(folder, file.name), copy, manifest, copying.COMPRESSES)
        Path(folder, file.name).rename(file)
    return manifest


def restore(url: str, file: Path, replace: bool) -> Manifest:
    """Make a database hold what a backup does, and nothing else. Nobody may have it open.

    Args:
        url: SQLAlchemy's URL of a database of the kind that the backup is of.
        file: the backup.
        replace: whether what the database holds may be replaced.

    Raises:
        CopyFault: The file is no sound backup, or of another kind of database or a newer version of the server; or the
            database is not empty, or open elsewhere; or the copy failed. The database is as it was.
        OSError: The database cannot be reached, or the file not be read.
    """
    kind, copying = _kind_of(url)
    with _extracted(file) as (manifest, copy):
        _refuse_unfit(manifest, kind)
        if not replace and not copying.is_empty(url):
            raise CopyFault("the database is not empty: say --replace to replace all that it holds")
        if others := copying.others(url):
            raise CopyFault(f"the database is open elsewhere, end this first: {'; '.join(others)}")
        copying.load(url, copy)
    return manifest


def open_elsewhere(url: str) -> list[str]:
    """Who else has a database open, in words.

    Raises:
        OSError: It cannot be reached.
    """
    return _kind_of(url)[1].others(url)


def _kind_of(url: str) -> tuple[str, Copying]:
    engine = connect(url)
    engine.dispose()
    return engine.dialect.name, KINDS[engine.dialect.name]


def _refuse_unfit(manifest: Manifest, kind: str) -> None:
    if manifest.kind != kind:
        raise CopyFault(f"the backup is of {manifest.kind}, the database is {kind}")
    known = known_revisions()
    if manifest.revision not in known:
        newer = f"the backup's schema {manifest.revision} is of a newer version of the server"
        raise CopyFault(f"{newer}, {manifest.server_version}; this one knows {known[-1]}")


def _write(file: Path, copy: Path, manifest: Manifest, compressed: bool) -> None:
    """Write the file, to be read by its owner alone, and see it safely on the disk."""
    how = zipfile.ZIP_STORED if compressed else zipfile.ZIP_DEFLATED
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with zipfile.ZipFile(out, "w", how, compresslevel=1) as archive:
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
            archive.write(copy, DATABASE)
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def _extracted(file: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest of a backup and its copy, which is as the manifest says."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, DATABASE)
        try:
            with zipfile.ZipFile(file) as archive:
                manifest = _manifest(archive.read(MANIFEST))
                with archive.open(DATABASE) as source, copy.open("wb") as target:
                    shutil.copyfileobj(source, target, BLOCK)
        except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
            raise CopyFault(f"{file} is no sound backup: {error}") from error
        if _digest(copy) != manifest.sha256:
            raise CopyFault(f"{file} is no sound backup: its content is not what was written")
        yield manifest, copy


def _manifest(text: bytes) -> Manifest:
    try:
        values = json.loads(text)
        form = values["form"]
        if form == FORM:
            return Manifest(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise CopyFault("the file is no sound backup: it does not say what it is") from error
    raise CopyFault(f"the backup has form {form} of a newer version of the server; this one knows {FORM}")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
