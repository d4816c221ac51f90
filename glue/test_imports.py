"""The import graph of glue/*.py has no cycle. Needs no Spark: python -m pytest --noconftest test_imports.py"""

import ast
from pathlib import Path

Graph = dict[str, set[str]]


def imported_names(source: str) -> set[str]:
    """Modules that the source imports, including imports inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module.partition(".")[0])
    return names


def import_graph(folder: Path) -> Graph:
    """Each module of the folder with the modules of the folder that it imports."""
    sources = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.py")}
    return {name: imported_names(source) & sources.keys() for name, source in sources.items()}


def find_cycle(graph: Graph) -> list[str]:
    """The modules of one cycle, the first one repeated at the end. Empty when the graph has no cycle."""
    finished: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in finished:
            return []
        for imported in sorted(graph[name]):
            cycle = visit(imported, [*path, name])
            if cycle:
                return cycle
        finished.add(name)
        return []

    for name in sorted(graph):
        cycle = visit(name, [])
        if cycle:
            return cycle
    return []


def test_the_modules_import_each_other_without_a_cycle() -> None:
    graph = import_graph(Path(__file__).parent)
    assert graph["job"] >= {"sources", "lines", "postgres"}
    assert find_cycle(graph) == [], "move the shared names into a module of their own"


def test_a_cycle_is_found_through_an_import_inside_a_function(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import json\nfrom b import x\n")
    (tmp_path / "b.py").write_text("def load():\n    import c.d\n")
    (tmp_path / "c.py").write_text("from a import y\n")
    assert find_cycle(import_graph(tmp_path)) == ["a", "b", "c", "a"]
    (tmp_path / "c.py").write_text("import json\n")
    assert find_cycle(import_graph(tmp_path)) == []
