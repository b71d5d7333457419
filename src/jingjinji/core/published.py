"""What is published in ``results/``, to compare a rerun with: JSON that is read whole and replaced whole."""

import json
from pathlib import Path

from jingjinji.core import writing
from jingjinji.core.errors import BookError


def read(path: Path) -> dict:
    """What a published file holds; raises BookError where it is missing, damaged or of another version."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BookError(f"{path} is missing: restore it from the repository") from None
    except (ValueError, RecursionError) as error:
        raise BookError(f"{path} is not readable as JSON ({error}): restore it from the repository") from None
    if not isinstance(found, dict):
        raise BookError(f"{path} is of another version, with nothing by name: restore it from the repository")
    return found


def write(path: Path, content: dict) -> None:
    """Replace a published file; it is never half written."""
    path.parent.mkdir(exist_ok=True)
    writing.replace(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
