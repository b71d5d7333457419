"""Where the extension gets the findings from, once a build."""

import importlib

from jingjinji.findings import Finding


def findings(app) -> dict[str, Finding]:
    """Every published finding, by id; read once for each Sphinx application."""
    if not hasattr(app, "jingjinji_findings"):
        app.jingjinji_findings = dict(_module(app.config).all_findings())
    return app.jingjinji_findings


def is_draft(config) -> bool:
    """True when the fits behind the findings were made with few draws or with prior draws."""
    return bool(_module(config).draft())


def _module(config):
    return importlib.import_module(config.jingjinji_findings_source)
