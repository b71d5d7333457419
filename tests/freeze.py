"""What the book computes, written down, so that moved code can be shown to change nothing.

    python tests/freeze.py record      write it down in .cache/frozen.json
    python tests/freeze.py compare     say what differs from what was written down; exit code 1 where something does

Of every fit the arrays of its panel, the key of its draws and, where it is stored, its findings; of every model the log
density and its gradient at three points; of every page the outputs of its cells and its text; of `results/` each file.
"""

import difflib
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from html import unescape

import nbformat
import numpy as np
from densities import PLAIN

import jingjinji
from jingjinji.fits import fit_job, fitting, keys, store

KEPT = jingjinji.CACHE / "frozen.json"
SITE = jingjinji.PROJECT / "_build/html"
POINTS = 3
SHOWN = 20


def frozen() -> dict[str, str]:
    """Everything, as path -> text."""
    parts = {"fit": fits, "model": densities, "finding": findings, "page": pages, "result": results}
    return {f"{kind} {path}": text for kind, part in parts.items() for path, text in part()}


def fits() -> Iterator[tuple[str, str]]:
    shop = fit_job.Workshop(fit_job.Job({}, fitting.FULL), print)
    for name in fitting.names():
        making = fit_job.Making(shop, name, "")
        yield f"{name}: key of its draws", making.key
        for array, content in keys.of_arrays(making.arrays).items():
            yield f"{name}: array {array}", content


def densities() -> Iterator[tuple[str, str]]:
    import pytensor

    shop = fit_job.Workshop(fit_job.Job({}, fitting.FULL), print)
    for topic in fitting.registry.TOPICS:
        model = shop.topic(topic).model
        density = model.logp()
        outputs = [density, *pytensor.grad(density, model.value_vars)]
        function = model.compile_fn(outputs, mode=PLAIN, on_unused_input="ignore")
        for number in range(POINTS):
            found = function(_point(model, number))
            for name, value in zip(["log density", *(v.name for v in model.value_vars)], found, strict=True):
                yield (
                    f"{topic}: {name} at point {number}",
                    f"{float(np.sum(value))!r} {_hash(np.asarray(value).tobytes())}",
                )


def _point(model, number: int) -> dict[str, np.ndarray]:
    """Drawn by name, so that the order of variables does not matter."""
    made = {}
    for name, value in model.initial_point().items():
        rng = np.random.default_rng([number, *name.encode()])
        made[name] = value + 0.2 * rng.normal(size=np.shape(value))
    return made


def findings() -> Iterator[tuple[str, str]]:
    for name, key in fitting.key_of_findings(fitting.names()).items():
        if store.exists(store.FINDINGS, name, key):
            for id, about in store.notes(store.FINDINGS, name, key)["findings"].items():
                words = {what: value for what, value in about.items() if what != "code"}
                yield f"{id} of {name}: words", json.dumps(words, ensure_ascii=False)
            for id, draws in store.findings(name, key).items():
                yield f"{id} of {name}: draws", f"{float(np.mean(draws))!r} {_hash(draws.tobytes())}"


def pages() -> Iterator[tuple[str, str]]:
    for path in sorted(SITE.glob("_sources/**/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for place, cell in enumerate(notebook.cells):
            for output in cell.get("outputs", []):
                for kind, content in output.get("data", {}).items():
                    yield f"{path.relative_to(SITE / '_sources')}: cell {place}, {kind}", _hash(str(content).encode())
    for path in sorted(SITE.glob("**/*.html")):
        if "_static" not in path.parts:
            yield f"{path.relative_to(SITE)}: text", _text(path.read_text("utf-8"))


def _text(html: str) -> str:
    article = re.search(r"<article.*?</article>", html, re.DOTALL)
    plain = re.sub(r"<(script|style|svg).*?</\1>", "", article[0] if article else html, flags=re.DOTALL)
    lines = (line.strip() for line in unescape(re.sub(r"<[^>]+>", "\n", plain)).splitlines())
    return "\n".join(line for line in lines if line)


def results() -> Iterator[tuple[str, str]]:
    for path in sorted((jingjinji.PROJECT / "results").glob("*")):
        yield path.name, _hash(path.read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What differs, in words; of a text its first lines that differ."""
    found = [f"{path} is gone" for path in before if path not in now]
    found += [f"{path} is new" for path in now if path not in before]
    for path in before.keys() & now.keys():
        old, new = before[path].splitlines(), now[path].splitlines()
        if old != new:
            lines = [
                line for line in difflib.unified_diff(old, new, lineterm="", n=0) if line[:3] not in ("---", "+++")
            ]
            found.append("\n    ".join([f"{path} differs:", *lines[:SHOWN]]))
    return sorted(found)


def main() -> None:
    if sys.argv[1:] == ["record"]:
        KEPT.write_text(json.dumps(frozen(), indent=0, ensure_ascii=False), "utf-8")
    elif sys.argv[1:] == ["compare"]:
        found = differences(json.loads(KEPT.read_text("utf-8")), frozen())
        print(*found, sep="\n")
        sys.exit(f"{len(found)} differences" if found else 0)
    else:
        sys.exit(f"expected 'record' or 'compare':\n{__doc__}")


if __name__ == "__main__":
    main()
