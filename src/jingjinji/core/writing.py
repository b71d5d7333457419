"""Files that a command writes: replaced whole or not at all, and an error of the disk told in one sentence."""

import contextlib
import errno
import json
import os
import stat
import uuid
from pathlib import Path

from jingjinji.core import texts
from jingjinji.core.errors import BookError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ELOOP,
          errno.ENAMETOOLONG)  # fmt: skip
BROKEN = (errno.EIO, errno.EMFILE, errno.ENFILE)


def told(error: OSError) -> str:
    """What went wrong with a file and what to do, in one sentence; empty for an error that is none of the disk's."""
    where = f"{error.filename2 or error.filename or 'a file of the cache or of the store of fits'}"
    if error.errno in FULL:
        return (
            f"{where} cannot be written ({error.strerror}): make room on its disk, and run the command again; what was "
            "finished is kept"
        )
    if error.errno in CLOSED:
        return (
            f"{where} cannot be read or written ({error.strerror}): make it so, or have JINGJINJI_CACHE name a folder "
            "that can be written"
        )
    if error.errno in BROKEN:
        return f"{where} cannot be read or written ({error.strerror}): mend that and run the command again"
    return ""


def put(path: Path, text: str) -> bool:
    """Write a text to a user's file; True for a file, False for a pipe or a terminal.

    A file is replaced when the new one is whole, and a link leads to the file that is replaced. Into a pipe, a terminal
    or another device of characters the text is written. Raises BookError, with the reason, where neither can be done.
    """
    try:
        target = path.resolve(strict=False)
        kind = target.stat().st_mode if target.exists() else stat.S_IFREG
        if stat.S_ISCHR(kind) or stat.S_ISFIFO(kind):
            with target.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
            return False
        if not stat.S_ISREG(kind):
            raise OSError(errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL, "it is no file", str(path))
        replace(target, text)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BookError(f"{path} cannot be written ({reason}): choose another file") from None
    return True


def replace(path: Path, text: str) -> None:
    """Write a text beside a file and rename it: the old file or the new one, never a part; OSError as it comes."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            aside.chmod(stat.S_IMODE(path.stat().st_mode))
        aside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def whole_lines(path: Path) -> list:
    """What the lines of a log say (JSON each), without a last one that a killed run or a full disk has cut off.

    Such a line is taken from the file, so that the next one does not follow on it.
    """
    text = path.read_bytes() if path.exists() else b""
    said, end = [], 0
    for line in text.splitlines(keepends=True):
        try:
            said.append(json.loads(line))
        except ValueError:
            break
        if not line.endswith(b"\n"):
            said.pop()
            break
        end += len(line)
    if end < len(text):
        os.truncate(path, end)
    return said


def harmless(value: object) -> object:
    """A cell for a csv file: a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and texts.is_formula(value) else value
