"""docs/openapi.yaml and app/api/routes.def state the same routes."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = {"get", "put", "post", "delete", "patch"}
NAMES = {"{sandbox}": "{id}", "{key}": "{key_id}", "{exec}": "{exec_id}"}


def documented():
    """(method, path) of every operation, read by the file's indentation."""
    routes, path = set(), None
    for line in (ROOT / "docs/openapi.yaml").read_text().splitlines():
        if m := re.fullmatch(r"  (/\S*):", line):
            path = m[1]
        elif line.startswith("components:"):
            break
        elif (m := re.fullmatch(r"    ([a-z]+):", line)) and m[1] in METHODS:
            routes.add((m[1].upper(), path))
    return routes


def served():
    text = (ROOT / "app/api/routes.def").read_text()
    routes = set()
    for method, path in re.findall(
        r'^(?:FILE_)?ROUTE\((\w+), "([^"]+)"', text, re.MULTILINE
    ):
        if path.startswith("/internal/"):
            continue
        for ours, theirs in NAMES.items():
            path = path.replace(ours, theirs)
        routes.add((method, path))
    return routes


def test_every_route_is_documented_and_every_documented_route_is_served():
    assert len(served()) > 20
    assert documented() == served()
