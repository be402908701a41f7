"""Every template that is built: its programs answer in a real sandbox as they
did when its image was made, however a command is started."""

import io
import json
import os
import pathlib
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = pathlib.Path(os.environ.get("CAGED_CACHE",
                                     ROOT / "build/cache")) / "images"
PROMISED = {
    "minimal": {"git --version": "git version 2."},
    "node-20": {"node --version": "v20.", "npm --version": "10.",
                "yarn --version": "1.22.", "pnpm --version": "10.",
                "git --version": "git version 2."},
    "python-312": {"python --version": "Python 3.12.",
                   "python3 --version": "Python 3.12.",
                   "pip --version": "pip ", "pip3 --version": "pip ",
                   "git --version": "git version 2."},
    "go-122": {"go version": "go version go1.22", "gcc -dumpfullversion": "12.",
               "git --version": "git version 2."},
    "agents": {"node --version": "v20.", "claude --version": "2.",
               "opencode --version": "1."},
}
ALIASES = {"node": "node-20", "python": "python-312", "go": "go-122"}
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def need(template):
    if not (IMAGES / template / "rootfs.erofs").exists():
        pytest.skip(f"not built here: scripts/build-image {template}")


@pytest.fixture
def sandbox(api, request):
    need(request.param)
    box = api.create(template=request.param, memory_mb=1024)
    yield box
    box.destroy()


def argv(sandbox, *words):
    result = sandbox.exec(cmd=list(words))
    assert result["exit_code"] == 0, result
    return result["output"].strip()


def wheel():
    """A package with a program `hello`, as pip takes it without a network."""
    info = "hello-1.0.dist-info/"
    files = {
        "hello.py": "def main():\n    print(6 * 7)\n",
        info + "METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\n"
                        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        info + "entry_points.txt": "[console_scripts]\nhello = hello:main\n",
        info + "RECORD": "".join(name + ",,\n" for name in (
            "hello.py", info + "METADATA", info + "WHEEL",
            info + "entry_points.txt", info + "RECORD")),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def in_(template):
    return pytest.mark.parametrize("sandbox", [template], indirect=True,
                                   ids=[template])


def test_every_template_is_promised():
    confs = (ROOT / "scripts/images").glob("*.conf")
    assert {conf.stem for conf in confs} == set(PROMISED)


@pytest.mark.parametrize("sandbox", PROMISED, indirect=True)
def test_versions(sandbox):
    template = sandbox.fields["template"]
    built = json.loads((IMAGES / template / "manifest.json").read_text())
    for command, start in PROMISED[template].items():
        wanted = built["versions"][command]
        assert wanted.startswith(start), (command, wanted)
        assert sandbox.output(command).strip() == wanted
    for words in (command.split(), ["bash", "-c", command],
                  ["bash", "-lc", command]):
        assert argv(sandbox, *words) == wanted, words


@pytest.mark.parametrize("asked", ALIASES)
def test_aliases(api, asked):
    need(ALIASES[asked])
    box = api.create(template=asked, memory_mb=256)
    try:
        assert box.fields["template"] == ALIASES[asked]
    finally:
        box.destroy()


@in_("node-20")
def test_node(sandbox):
    assert argv(sandbox, "printenv", "NODE_EXTRA_CA_CERTS") == CERTIFICATES
    assert sandbox.output("npm config get cafile").strip() == CERTIFICATES
    sandbox.output("mkdir hello && cd hello && npm init -y && "
                   "printf '#!/usr/bin/env node\\nconsole.log(6 * 7)\\n' > h.js"
                   " && npm pkg set bin.hello=h.js")
    sandbox.output("npm install --global --offline ./hello")
    assert argv(sandbox, "hello") == "42"


@in_("python-312")
def test_python(sandbox):
    sandbox.output("python -c 'import ssl, sqlite3, ctypes, lzma, bz2, zlib, "
                   "readline, curses, hashlib, uuid'")
    assert sandbox.output(
        "python -c 'import ssl; c = ssl.create_default_context(); "
        "print(c.cert_store_stats()[\"x509_ca\"] > 50)'") == "True\n"
    sandbox.output("python -m venv v")
    assert sandbox.output("v/bin/python -c 'import sys; print(sys.prefix)'"
                          ) == "/workspace/v\n"
    assert "python 3.12" in sandbox.output("v/bin/pip --version")
    assert sandbox.output("/usr/bin/python3 --version") == "Python 3.11.2\n"
@in_("python-312")
def test_pip_installs_without_sudo(sandbox):
    sandbox.write("hello-1.0-py3-none-any.whl", wheel())
    sandbox.output("pip install --no-index hello-1.0-py3-none-any.whl")
    assert argv(sandbox, "hello") == "42"


@in_("go-122")
def test_go(sandbox):
    sandbox.write("hi/go.mod", b"module hi\n\ngo 1.22\n")
    sandbox.write("hi/main.go", b"""package main

// int six(void) { return 6; }
import "C"

func main() { println(C.six() * 7) }
""")
    sandbox.output("cd hi && go install .", timeout=300)
    assert argv(sandbox, "hi") == "42"
