"""The direction of imports, as pyproject.toml's contracts state it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent


def test_imports_point_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(no_cache=True) == 0


def test_the_engine_never_serves_http() -> None:
    # import-linter sees an external package as a whole: it cannot tell aiohttp's client from its
    # server.
    serving = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "comms").rglob("*.py")
        if _imports_aiohttp_web(ast.parse(file.read_text(encoding="utf-8")))
    ]

    assert serving == []


def _imports_aiohttp_web(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(name.name.startswith("aiohttp.web") for name in node.names):
                return True
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("aiohttp.web"):
                return True
            if node.module == "aiohttp" and any(name.name == "web" for name in node.names):
                return True
    return False
