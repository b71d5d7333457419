"""What a page loads and what it may do: no script that it does not use, none inside the page, none of another host."""

import hashlib
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

from jingjinji.sphinxext import icons

THEME = "sphinx_book_theme"
TEMPLATES = Path(__file__).with_name("templates")
NEVER = ("doctools.js", "sphinx_highlight.js", "early.js")
"""Keys and marks of Sphinx's search, and what the template loads by itself."""
ONLY_WITH = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "copybutton.css": 'class="highlight',
    "pygments.css": 'class="highlight',
    "mystnb.": 'class="cell',
    "togglebutton.": "dropdown",
    "design-tabs.js": "sd-tab-set",
    "sphinx-design.min.css": 'class="sd-',
    "mathematics.js": 'class="math',
    "ledger.": 'class="ledger',
    "front.css": 'class="front-',
    "lessons.css": 'class="minutes',
}
"""A part of a file's name -> what the text of a page that needs the file contains."""
ONLY_ON = {"_static/search.js": "search"}
IMAGE = re.compile(r'<img\b[^>]*\bsrc="[^"]*_images/(?P<name>[^"/]+)"[^>]*>')
SIZE = re.compile(r'<svg[^>]*\bwidth="([\d.]+)pt"[^>]*\bheight="([\d.]+)pt"')
SETTINGS_OF_MATHJAX = "window.MathJax"
SCRIPT_OF_THEME = "_static/scripts/pydata-sphinx-theme.js"
MEASURES = ',"complete"===document.readyState?I():window.addEventListener("load",I)'
"""Where the theme's script asks for the width of every table and listing when a page has loaded, which lays out all of
a page of thirty screens at once. `page.js` learns the same widths when the reader comes near."""
LIBRARY_OF_MATHEMATICS = "mathjax/"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
"""Scripts are files of the site. Tables and MathJax bring styles of their own, so styles may stand in a page."""


def connect(app) -> None:
    app.connect("config-inited", _take_templates, priority=900)
    app.connect("builder-inited", _finish_pages)
    app.connect("html-page-context", _choose, priority=950)
    app.connect("build-finished", _measure_nothing_early)


def needed(file: str, page: str, body: str) -> bool:
    """Whether a page with this text needs a script or a style sheet."""
    if any(name in file for name in NEVER):
        return False
    if any(file.endswith(name) and page != only for name, only in ONLY_ON.items()):
        return False
    return all(sign in body for name, sign in ONLY_WITH.items() if name in file)


def policy(inline: list[str]) -> str:
    """The content security policy of a page; scripts inside it that extensions bring are allowed by their hash."""
    hashes = [f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline]
    rules = POLICY | {"script-src": " ".join([POLICY["script-src"], *hashes])}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def finished(html: str) -> str:
    """A page as it is published: icons drawn, what the theme says twice or hides from some readers mended."""
    html = icons.drawn(html)
    html = re.sub(r'<meta name="viewport" content="width=device-width, initial-scale=1"\s*/>', "", html)
    html = html.replace(' role="doc-biblioentry"', "")
    html = re.sub(r'<meta name="docsearch:[^>]*>', "", html)
    html = html.replace('data-theme="auto"', 'data-theme="light"', 1)
    html = html.replace(
        '<div id="pst-primary-sidebar"', '<div id="pst-primary-sidebar" role="region" aria-label="Book"'
    )
    html = re.sub(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"', r"\1", html)
    html = re.sub(r'(<summary[^>]*?) aria-label="Toggle hidden content"', r"\1", html)
    html = html.replace('aria-label="Color mode"', 'aria-label="Colours: light, dark or as the system"')
    return re.sub(r"\n\s*\n+", "\n", html) if "<pre" not in html else html


def sized(html: str, file_of) -> str:
    """A page whose vector images say their size, so that nothing moves when they come, and come when they are near."""

    def with_size(match: re.Match) -> str:
        tag = match[0]
        file = None if " height=" in tag else file_of(unquote(match["name"]))
        lazy = "" if " loading=" in tag else ' loading="lazy"'
        return f"<img{_size(file)}{lazy}{tag[4:]}"

    return IMAGE.sub(with_size, html)


def _size(file: Path | None) -> str:
    """Width and height of a vector image in pixels, as attributes; empty where they are not known."""
    found = SIZE.search(file.read_text("utf-8")[:2000]) if file and file.suffix == ".svg" and file.exists() else None
    if not found:
        return ""
    width, height = (f"{float(points) * 4 / 3:.0f}" for points in found.groups())
    return f' width="{width}" height="{height}"'


def _source_of_image(app, name: str) -> Path | None:
    """Where an image of the site comes from: it is copied after all pages have been written."""
    names = {name: path for path, name in app.builder.images.items()}
    return Path(app.srcdir, names[name]) if name in names else None


def _take_templates(app, config) -> None:
    if config.html_theme != THEME:
        return
    config.templates_path = [str(TEMPLATES), *config.templates_path]


def _finish_pages(app) -> None:
    if app.builder.format != "html":
        return
    app.builder.search = False  # the site has a search of its own: `search.py`
    render = app.builder.templates.render
    ours = app.config.html_theme == THEME

    def rendered(template, context):
        html = render(template, context)
        return sized(finished(html) if ours else html, lambda name: _source_of_image(app, name))

    app.builder.templates.render = rendered


def _choose(app, pagename, templatename, context, doctree) -> None:
    """Leave the page the files that it needs, each without delaying the page, and write down what may run."""
    body = context.get("body", "")
    context["css_files"] = [file for file in context["css_files"] if needed(str(file.filename), pagename, body)]
    scripts, inline, tags = [], [], ""
    with_mathematics = needed("mathematics.js", pagename, body)
    for script in context["script_files"]:
        file, text = str(script.filename or ""), script.attributes.get("body", "")
        if LIBRARY_OF_MATHEMATICS in file:
            # `mathematics.js` loads it when the reader comes near
            tags += f'<meta name="mathematics" content="{context["pathto"](file, 1)}" />' if with_mathematics else ""
        elif file and needed(file, pagename, body):
            scripts.append(script)
        elif text.startswith(SETTINGS_OF_MATHJAX) and with_mathematics:
            scripts.append(script)
            inline.append(text)
    context["script_files"] = [_deferred(script) for script in scripts]
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy(inline)}" />'
    context["metatags"] = rule + tags + context.get("metatags", "")


def _measure_nothing_early(app, exception) -> None:
    script = Path(app.outdir, SCRIPT_OF_THEME)
    if exception is None and script.exists():
        text = script.read_text("utf-8")
        if MEASURES in text:
            script.write_text(text.replace(MEASURES, ""), "utf-8")


def _deferred(script):
    if script.filename:
        script.attributes.setdefault("defer", "defer")
    return script
