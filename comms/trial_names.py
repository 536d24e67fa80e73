"""Names that templates use and nobody gives them: found in their sources, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jinja2 import Environment, TemplateError, nodes
from jinja2.meta import find_undeclared_variables


def unknown_names(
    chain: Mapping[str, str], made: Environment, given: Collection[str]
) -> dict[str, list[tuple[str, int]]]:
    """Return for each template the names that it uses and does not have, with their lines.

    `chain` are the sources of all templates of one letter, which may set names for each other, by
    their paths; `given` is what its context holds. A name that is asked for by `is defined` may be
    missing.
    """
    trees = {path: _parsed(source, made) for path, source in chain.items()}
    known = {*given, *made.globals}
    known |= {name for tree in trees.values() if tree for name in _set(tree)}
    return {path: list(_missing(tree, known)) for path, tree in trees.items() if tree}


def _missing(tree: nodes.Template, known: Collection[str]) -> Iterator[tuple[str, int]]:
    try:
        missing = find_undeclared_variables(tree) - set(known)
    except TemplateError:
        return  # a filter that there is not: told when it is compiled
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in missing:
            yield name.name, name.lineno


def _set(tree: nodes.Template) -> Iterator[str]:
    for name in tree.find_all(nodes.Name):
        if name.ctx != "load":
            yield name.name
    for test in tree.find_all(nodes.Test):
        if test.name in {"defined", "undefined"} and isinstance(test.node, nodes.Name):
            yield test.node.name
    for macro in tree.find_all(nodes.Macro):
        yield macro.name
    for whole in tree.find_all(nodes.Import):
        yield whole.target
    for parts in tree.find_all(nodes.FromImport):
        yield from (part if isinstance(part, str) else part[1] for part in parts.names)


def _parsed(source: str, made: Environment) -> nodes.Template | None:
    try:
        return made.parse(source)
    except TemplateError:
        return None  # told when it is read
