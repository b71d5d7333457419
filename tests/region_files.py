"""Small csv files of a region, as a user would bring them."""

from pathlib import Path

from jingjinji.core.intake import span

CITIES = ("Ash", "Bell")
HEAD = "city,month,pm25"


def rows(first: str = "2015-01", last: str = "2017-12", cities: tuple[str, ...] = CITIES) -> list[str]:
    """A line for each city and month, with a season and a fall."""
    months = span(first, last)
    return [
        f"{city},{month},{60 - t / 3 + 12 * (int(month[5:]) in (11, 12, 1, 2)) + 3 * k + (7 * t) % 5:g}"
        for k, city in enumerate(cities)
        for t, month in enumerate(months)
    ]


def put(folder: Path, lines: list[str] | str, name: str = "my.csv", head: str = HEAD) -> Path:
    """Write lines below a header, or a text as it is."""
    path = folder / name
    text = lines if isinstance(lines, str) else "\n".join([head, *lines]) + "\n"
    path.write_text(text, encoding="utf-8")
    return path
