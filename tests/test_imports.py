"""Who may import whom: `core` knows no topic, topics do not know one another, and nothing turns in a circle."""

import grimp
import pytest

ROOMS = ("core", "fits", "claims", "show", "topics", "sphinxext", "teaching", "cli")
MAY = {
    "core": {"core"},
    "fits": {"core", "fits"},
    "claims": {"core", "claims"},
    "show": {"core", "fits", "show"},
    "topics": {"core", "fits", "claims", "show", "topics"},
    "sphinxext": set(ROOMS) - {"teaching", "cli"},
    "teaching": {"core", "fits", "sphinxext", "teaching"},
    "cli": set(ROOMS),
}
SHOWS = ("page", "figures", "reasons", "region_page", "region_words")
CONCLUSIONS = "conclusions"
"""The one module of the topics that may read several of them."""


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """Module -> modules that it imports, without the package's name."""
    found = grimp.build_graph("jingjinji", cache_dir=None)
    short = {module: module.removeprefix("jingjinji").lstrip(".") for module in found.modules}
    return {short[module]: {short[other] for other in found.find_modules_directly_imported_by(module)} - {""}
            for module in found.modules}  # fmt: skip


def room(module: str) -> str:
    return module.partition(".")[0]


def topic(module: str) -> str:
    """The topic of a module, or that it is above them."""
    parts = module.split(".")
    return parts[1] if parts[0] == "topics" and len(parts) > 2 else ""


def part(module: str) -> str:
    return module.split(".")[2]


def test_rooms_import_only_what_stands_below_them(graph):
    wrong = [f"{module} -> {other}" for module, others in graph.items() if module
             for other in others if room(other) not in MAY[room(module)]]  # fmt: skip
    assert wrong == []
    assert {room(module) for module in graph if module} == set(ROOMS)


def test_no_topic_imports_another(graph):
    wrong = [f"{module} -> {other}" for module, others in graph.items() if topic(module)
             for other in others if room(other) == "topics" and topic(other) != topic(module)]  # fmt: skip
    assert wrong == []


def test_models_import_only_what_every_topic_stands_on(graph):
    """What decides draws hangs on nothing that is said or shown."""
    from jingjinji.core import registry

    models = {f"topics.{place}" for place in registry.PLACES.values()}
    wrong = [f"{model} -> {other}" for model in sorted(models) for other in graph[model]
             if room(other) != "core" and not (other in models or _helps(other, graph))]  # fmt: skip
    assert wrong == []


def test_findings_and_facts_import_no_page(graph):
    wrong = [
        f"{module} -> {other}"
        for module, others in graph.items()
        if topic(module) and part(module) not in SHOWS
        for other in others
        if room(other) in ("show", "claims", "fits") or (topic(other) and part(other) in SHOWS)
    ]
    assert wrong == []


def test_nothing_imports_what_is_on_top(graph):
    for module, others in graph.items():
        assert not {other for other in others if room(other) == "cli"} or room(module) == "cli", module
        assert f"topics.{CONCLUSIONS}" not in others or room(module) in ("sphinxext", "cli"), module


def test_no_circle(graph):
    """By taking away, again and again, modules that import none of those left."""
    left = {module: set(others) for module, others in graph.items()}
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    assert left == {}


def _helps(module: str, graph: dict[str, set[str]]) -> bool:
    """True of a module of a topic that itself imports nothing but `core`, such as classes of water, and others so."""
    return (
        bool(topic(module))
        and part(module) not in SHOWS
        and all(room(other) == "core" or _helps(other, graph) for other in graph[module])
    )
