"""Executed notebooks that pages offer: with the book's package they run anywhere, and they say how to get it."""

import hashlib
import zipfile
from pathlib import Path

import nbformat
from docutils import nodes

import jingjinji
from jingjinji.show import vector
from jingjinji.sphinxext import about, markdown, source, travel
from jingjinji.sphinxext.pictures import HEADLINE
from jingjinji.sphinxext.staleness import ran

SOURCES = "_sources"
GUARD = "try:\n    import jingjinji\nexcept ImportError:\n    %pip install --quiet {package}"
README = "Executed notebooks of the pages of the book. The first cell of each says how to run it.\n"
EPOCH = (2020, 1, 1, 0, 0, 0)
"""The time that files in a zip have, so that the same content is the same zip."""


def connect(app) -> None:
    app.connect("html-page-context", _offer, priority=100)
    app.connect("build-finished", _write_kit)


def composed(app, docname: str, doctree: nodes.document, executed) -> nbformat.NotebookNode:
    """A page as a notebook: how to run it, its texts as the site shows them, and its code cells with their outputs."""
    base, page = app.config.html_baseurl, app.builder.get_target_uri(docname)

    def link(address: str) -> str | None:
        return travel.whole(base, page, address)

    codes = {number: cell for number, cell in enumerate(executed.cells) if cell.cell_type == "code"}
    cells = _head(app, docname)
    for piece in markdown.pieces(doctree, link):
        if isinstance(piece, str):
            cells.append(nbformat.v4.new_markdown_cell(piece))
            continue
        # cells that the page hides come before the next one that it shows
        for number in [number for number in codes if number <= piece["cell_index"]]:
            cells.append(_code(codes.pop(number), _alt(piece), link))
        cells += [nbformat.v4.new_markdown_cell(text) for text in _captions(app, docname, piece, link)]
    cells += [_code(cell, "", link) for cell in codes.values()]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    told = {name: executed.metadata[name] for name in ("kernelspec", "language_info") if name in executed.metadata}
    return nbformat.v4.new_notebook(cells=cells, metadata=told)


def _offer(app, pagename, templatename, context, doctree) -> None:
    if pagename not in ran(app.env) or app.builder.format != "html":
        return
    executed = nbformat.read(Path(app.env.mystnb_config.output_folder, f"{pagename}.ipynb"), as_version=4)
    target = Path(app.outdir, SOURCES, f"{pagename}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(nbformat.writes(composed(app, pagename, doctree, executed)) + "\n", encoding="utf-8")
    context["ipynb_source"] = f"{pagename}.ipynb"
    if _wheel(app) is not None:
        context["notebook_package"] = context["pathto"](f"{travel.DOWNLOADS}/{travel.WHEEL}", 1)
    context["launches"] = {} if source.is_draft(app.config) else _launches(app, pagename)


def _repository(app) -> str:
    return app.config.html_theme_options.get("repository_url", "")


def _launches(app, docname: str) -> dict[str, str]:
    return travel.launches(_repository(app), app.config.html_baseurl, docname)


def _wheel(app) -> Path | None:
    """The package that the site offers, which is made before its pages are."""
    wheel = Path(app.outdir, travel.DOWNLOADS, travel.WHEEL)
    return wheel if wheel.exists() else None


def _head(app, docname: str) -> list:
    """What the notebook is, and the one line that lets it run."""
    base, page = app.config.html_baseurl, app.builder.get_target_uri(docname)
    title = markdown.inline_text(app.env.titles[docname].astext())
    cited = about.citation(Path(app.confdir))
    book = markdown.inline_text(str(cited.get("title") or app.config.project))
    repository = f", whose code is at <{_repository(app)}>" if _repository(app) else ""
    address = travel.whole(base, page, "")
    first = (
        f"This notebook is the page {f'[{title}](<{address}>)' if address else f'*{title}*'} of the book *{book}*, "
        f"version {cited.get('version', jingjinji.__version__)}{repository}. Its cells have been run."
    )
    if source.is_draft(app.config):
        draft = "It is of a draft with few draws: only notebooks of the finished book come with a package to run them."
        return [nbformat.v4.new_markdown_cell(f"{first} {draft}")]
    wheel = _wheel(app)
    size = f" The file has {wheel.stat().st_size / 1e6:.0f} MB." if wheel else ""
    where = "" if base else " It is offered beside this notebook, in the same menu."
    text = (
        f"{first}\n\nTo run them again, with Python {travel.python()} or newer, install the book's package once:\n\n"
        f"```\npip install {travel.package(base)}\n```\n\n"
        "It brings the code, the tables and the fits that the page shows: nothing is sampled, and no other file is "
        f"needed.{size}{where}"
    )
    cells = [nbformat.v4.new_markdown_cell(text)]
    if base:
        cells.append(nbformat.v4.new_code_cell(GUARD.format(package=travel.package(base))))
    return cells


def _code(cell, alt: str, link: markdown.Link):
    """A code cell as it was run; what it shows has its alt text and no address within the site's folders."""
    outputs = []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/svg+xml" in data:
            data["image/svg+xml"] = vector.alone(data["image/svg+xml"], alt)
        if "text/html" in data:
            data["text/html"] = markdown.html(data["text/html"], link)
        outputs.append(output)
    return nbformat.v4.new_code_cell(cell.source, outputs=outputs, execution_count=cell.execution_count)


def _alt(piece: nodes.container) -> str:
    return next((node["alt"] for node in piece.findall(nodes.Element) if node.get("alt")), "")


def _captions(app, docname: str, piece: nodes.container, link: markdown.Link) -> list[str]:
    """What stands above and below the figures of a cell, each with the number that it has on the page."""
    numbers = app.env.toc_fignumbers.get(docname, {}).get("figure", {})
    found = []
    for figure in piece.findall(nodes.figure):
        number = next((numbers[id] for id in figure["ids"] if id in numbers), None)
        words = [app.config.numfig_format["figure"] % ".".join(map(str, number))] if number else []
        for node in figure.children:
            if HEADLINE in node.get("classes", ()):
                words.append(f"**{markdown.inline(node, link)}**")
            elif isinstance(node, nodes.caption):
                words.append(markdown.inline(node, link))
        found.append(" ".join(words))
    return found


def _write_kit(app, exception) -> None:
    """All notebooks in one zip, with what Binder installs them from where they can be opened there."""
    if exception or app.builder.format != "html" or not ran(app.env):
        return
    contents = {
        f"{name}.ipynb": Path(app.outdir, SOURCES, f"{name}.ipynb").read_bytes() for name in sorted(ran(app.env))
    }
    contents["README.md"] = README.encode()
    project = Path(app.confdir)
    if _launches(app, "") and not source.is_draft(app.config):
        contents |= {name: (project / name).read_bytes() for name in travel.ENVIRONMENT if (project / name).exists()}
        contents[travel.SECOND_STEP] = travel.second_step(app.config.html_baseurl).encode()
    total = hashlib.sha256()
    for name, content in contents.items():
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    target, stamp = Path(app.outdir, travel.DOWNLOADS, travel.KIT), Path(app.doctreedir, "notebooks.sha256")
    if target.exists() and stamp.exists() and stamp.read_text() == total.hexdigest():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = (0o755 if name == travel.SECOND_STEP else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)
    stamp.write_text(total.hexdigest())
