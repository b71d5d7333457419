"""The page *Data*, made from the data package: HTML that a notebook shows as it is."""

from html import escape

from jingjinji.core import tables


class Block(str):
    """HTML text that a notebook renders."""

    __slots__ = ()

    def __repr__(self) -> str:
        """What a program that shows no HTML says instead; the text itself would carry links that lead nowhere."""
        return "(a table in HTML)"

    def _repr_html_(self) -> str:
        return str(self)


def overview() -> Block:
    """A table of the tables: name, rows, fields, what it holds, with links to the sections of the page."""
    rows = [
        [
            f'<a href="#{anchor(resource["name"])}">{escape(resource["title"])}</a>',
            len(tables.load(resource["name"])),
            len(resource["schema"]["fields"]),
            escape("; ".join(_short(licence["name"]) for licence in resource["licenses"])),
        ]
        for resource in tables.package()["resources"]
    ]
    return Block(grid("All tables", ["table", "rows", "fields", "licence"], rows))


def section(name: str) -> Block:
    """Everything the data package knows of a table: fields, units, sources, licences, known issues, sha256."""
    resource = next(resource for resource in tables.package()["resources"] if resource["name"] == name)
    title, rows = resource["title"], len(tables.load(name))
    key = escape(", ".join(resource["schema"]["primaryKey"]))
    digest = resource["hash"].removeprefix("sha256:")
    parts = [
        f"<p>{escape(resource['description'])} {rows} rows.</p>",
        grid(
            f"Fields: {title}", ["field", "unit", "what", "allowed"], [_field(f) for f in resource["schema"]["fields"]]
        ),
        f"<p>One row for each {key}. An empty cell is a missing value.</p>",
        _items("Missing or doubtful", [escape(issue) for issue in resource["known_issues"]]),
        _items("Sources", [_source(source) for source in resource["sources"]]),
        _items("Licences", [_licence(licence) for licence in resource["licenses"]]),
        f"<p>sha256 <code>{digest}</code>, {resource['bytes']} bytes.</p>",
    ]
    return Block(f'<div class="data-section" style="overflow-wrap:anywhere">{"".join(parts)}</div>')


def annual_checks(series: str) -> Block:
    """Annual means of a series beside the mean of the months, with the differences (µg/m³ and per cent)."""
    resource = next(r for r in tables.package()["resources"] if r["name"] == "pm25_official_annual")
    head = ["area", "year", "annual (µg/m³)", "months (µg/m³)", "difference (µg/m³)", "difference (%)"]
    rows = [
        [escape(row["area"]), int(row["year"]), f"{row['annual']:.1f}", f"{row['months']:.1f}",
         _signed(row["difference"]), _signed(row["percent"])]
        for row in resource["checks"] if row["series"] == series
    ]  # fmt: skip
    return Block(grid(f"Annual means beside the mean of the months, series {series}", head, rows))


def anchor(name: str) -> str:
    """The id of a table's section on the page."""
    return "table-" + name.replace("_", "-")


def grid(label: str, head: list[str], rows: list[list]) -> str:
    """A table inside a box that scrolls sideways by itself; cells are HTML."""
    header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div role="region" tabindex="0" aria-label="{escape(label)}" style="overflow-x:auto;max-width:100%">'
        f'<table class="dataframe" style="overflow-wrap:normal;min-width:34rem"><thead><tr>{header}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _field(field: dict) -> list[str]:
    return [
        f'<code style="white-space:nowrap">{escape(field["name"])}</code>',
        escape(field.get("unit", "")),
        escape(field["description"]),
        _allowed(field),
    ]


def _allowed(field: dict) -> str:
    limits = field.get("constraints", {})
    kind = {"integer": "whole number", "string": "text"}.get(field["type"], escape(field["type"]))
    low, high = limits.get("minimum"), limits.get("maximum")
    if low is not None and high is not None:
        kind += escape(f", {low} to {high}")
    if "enum" in limits:
        kind = escape(", ".join(str(value) for value in limits["enum"]))
    return kind if limits.get("required") else f"{kind}; can be missing"


def _source(source: dict) -> str:
    note = f" {escape(source['note'])}" if "note" in source else ""
    link = f"{_linked(source['path'], source['path'])}. " if "path" in source else "Address not kept. "
    return (
        f"<code>{escape(source['name'])}</code>: {escape(source['title'])}. {escape(source['publisher'])}. "
        f"{link}Licence: {escape(_short(source['license']))}.{note}"
    )


def _short(licence: str) -> str:
    return {"CC-BY-4.0": "CC BY 4.0"}.get(licence, licence.replace("-", " "))


def _licence(licence: dict) -> str:
    linked = _linked(licence.get("path", ""), licence["title"])
    return f"{linked}. {escape(licence.get('note', ''))}".strip()


def _linked(address: str, text: str) -> str:
    """Text that links to a web address; an address of another kind is no link."""
    web = address.startswith(("https://", "http://"))
    return f'<a href="{escape(address)}">{escape(text)}</a>' if web else escape(text)


def _items(title: str, items: list[str]) -> str:
    return f"<p><strong>{escape(title)}</strong></p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _signed(value: float) -> str:
    return f"{value + 0:+.1f}".replace("-", "\N{MINUS SIGN}")
