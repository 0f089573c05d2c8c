"""Files whose name begins with a second of their own; made whole or not at all, and never in place of another one."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from topology_efficient_dl.errors import StorageError

STAMP = "%Y%m%d-%H%M%S"
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def now() -> datetime:
    """Local time to the second."""
    return datetime.now().replace(microsecond=0)


def create_dated(folder: Path, slug: str, text_at: Callable[[datetime], str], begin: datetime | None = None) -> Path:
    """Write ``<folder>/YYYYMMDD-HHMMSS-<slug>.md`` at the first second from now on that no other file has.

    Whoever makes the file that reserves a second (which fails if it is there) owns that second, looks whether a
    finished file has it, and only then links its own under the final name, which fails if that is taken. So processes
    that write at once get seconds of their own, and one that is killed leaves no half file that would be read.

    Parameters
    ----------
    folder : made if missing
    slug : what follows the time
    text_at : the file's text, given its time
    begin : the first second to try

    Raises
    ------
    StorageError : the file system refuses
    """
    moment = (begin or now()).replace(microsecond=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = _create_at(folder, moment, slug, text_at)
            if path is not None:
                return path
            moment += timedelta(seconds=1)
    except OSError as error:
        raise refused(folder, error, within=True) from error


def _create_at(folder: Path, moment: datetime, slug: str, text_at: Callable[[datetime], str]) -> Path | None:
    """The file, or None when its second is taken."""
    stamp = f"{moment:{STAMP}}"
    reserved = folder / f".{stamp}.reserved"
    try:
        handle = os.open(reserved, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return None
    try:
        with os.fdopen(handle, "wb") as file:
            if any(name.startswith(stamp) for name in os.listdir(folder)):
                return None
            file.write(text_at(moment).encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{stamp}-{slug}.md"
        _give_name(reserved, path)
        return path
    except FileExistsError:
        return None
    finally:
        reserved.unlink(missing_ok=True)


def _give_name(source: Path, target: Path) -> None:
    """Give a file a second name that must be free; without links it is moved, since its second is ours alone."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.rename(source, target)


def replace_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, in place of what was there.

    Raises
    ------
    StorageError : the file system refuses
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(text.encode("utf-8"))
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # where it could not be made it cannot be removed either
            temporary.unlink(missing_ok=True)
        raise refused(path, error) from error


def refused(place: Path, error: OSError, *, within: bool = False) -> StorageError:
    """What a user reads where the file system refuses to write a file, or something within a folder."""
    words = "write in" if within else "write"
    return StorageError(f"cannot {words} '{place}': {error.strerror or error}; check space and rights")
