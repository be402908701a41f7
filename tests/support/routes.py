"""The rows of app/api/routes.def, for tests that go through every route."""

import collections
import re

from stack import ROOT

Route = collections.namedtuple("Route", "method pattern scope handler flags")
_ROW = re.compile(r'^(ROUTE|FILE_ROUTE|LATER)\((\w+), "([^"]+)"([^)]*)\)', re.M)


def _all():
    text = (ROOT / "app/api/routes.def").read_text()
    for kind, method, pattern, rest in _ROW.findall(text):
        rest = [word.strip() for word in rest.split(",")[1:]]
        yield kind, Route(method, pattern, *(rest + [None] * 3)[:3])


SERVED = [route for kind, route in _all() if kind != "LATER"]
LATER = [route for kind, route in _all() if kind == "LATER"]
assert len(SERVED) > 20 and len(LATER) > 20


def name(route):
    return f"{route.method} {route.pattern}"
