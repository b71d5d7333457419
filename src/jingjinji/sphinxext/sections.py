"""Sections of the page *Data*: one for each table of the data package."""

import re

from sphinx.util.docutils import SphinxDirective

import jingjinji
from jingjinji.core import tables
from jingjinji.show import datapage

MEANT = re.compile(r"([!-/:-@\[-`{-~])")
"""Signs that Markdown could take for more than themselves."""
SECTION = """
({anchor})=
## {title}

Download {{download}}`{path} <{data}/{path}>`.

```{{raw}} html
{words}
```
"""


def connect(app) -> None:
    app.add_directive("data-tables", DataTables)


class DataTables(SphinxDirective):
    """For each table of the data package, in its order, a section: a file to download, and all that is known of it."""

    def run(self):
        self.env.note_dependency(str(jingjinji.PROJECT / "data/datapackage.json"))
        data = "../" * self.env.docname.count("/") + "data"
        text = "".join(
            SECTION.format(
                anchor=datapage.anchor(resource["name"]),
                title=_plain(resource["title"]),
                path=resource["path"],
                data=data,
                # the fence ends at a line of its own
                words=" ".join(datapage.section(resource["name"]).split()),
            )
            for resource in tables.package()["resources"]
        )
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _plain(text: str) -> str:
    """A text as Markdown that shows it as it is, in one line."""
    return MEANT.sub(r"\\\1", " ".join(text.split()))
