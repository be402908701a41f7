"""The curl lines of the product's documents, run by a shell with nothing
changed but the base URL. curl takes the key and the certificate from a
configuration file, as the lines name neither."""

import json
import subprocess

import pytest


@pytest.fixture(scope="module")
def shell(api, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / ".curlrc").write_text(f"cacert = {api.ca_file}\n")

    def run(script, **env):
        base = f"https://{api.key}@{api.host}:{api.port}"
        done = subprocess.run(
            ["bash", "-euc", script], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=120,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "API": base,
                 "KEY": api.key, "BASE": f"https://{api.host}:{api.port}",
                 **env})
        assert done.returncode == 0, done
        return done.stdout
    return run


def test_sandboxes(shell):
    made = json.loads(shell("""
curl -X POST $BASE/v1/sandboxes \\
  -H "Authorization: Bearer $KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "template": "minimal",
    "cpus": 2,
    "memory_mb": 1024
  }'
"""))
    assert made["status"] == "running" and made["memory_mb"] == 1024
    listed = json.loads(shell("""
curl $BASE/v1/sandboxes \\
  -H "Authorization: Bearer $KEY"
"""))
    assert made["id"] in [box["id"] for box in listed]
    got = json.loads(shell("""
curl $BASE/v1/sandboxes/$ID \\
  -H "Authorization: Bearer $KEY"
""", ID=made["id"]))
    assert got["id"] == made["id"]
    gone = shell("""
curl -X DELETE $BASE/v1/sandboxes/$ID \\
  -H "Authorization: Bearer $KEY" -w '%{http_code}'
""", ID=made["id"])
    assert gone == "204"


def test_aliases(shell):
    id = shell(r"""
ID=$(curl -s -XPOST $API/sandbox -H 'content-type: application/json' \
-d '{"ports":[3000],"env":{"ANTHROPIC_API_KEY":"sk-ant-..."}}' \
| sed -E 's/.*"id":"([^"]+)".*/\1/')
echo $ID
""").strip()
    assert id.startswith("cage-") and len(id) == 21
    result = json.loads(shell("""
curl -s -XPOST $API/sandbox/$ID/exec -H 'content-type: application/json' \\
-d '{"cmd":["bash","-lc","cd ~/workspace && echo hello > index.html && cat index.html && echo $ANTHROPIC_API_KEY"]}'
""", ID=id))
    assert result["stdout"] == "hello\nsk-ant-...\n"
    assert result["stderr"] == "" and result["exit_code"] == 0
    written = json.loads(shell("""
curl -s -XPUT $API/v1/sandboxes/$ID/files -H 'content-type: application/json' \\
-d '{"path":"app/index.html","content":"<h1>hello</h1>","append":false}'
""", ID=id))
    assert written["status"] == "ok"
    files = json.loads(shell("curl -s $API/v1/sandboxes/$ID/files", ID=id))
    assert {"app", "index.html"} <= {f["name"] for f in files}
    assert shell("""
curl -s "$API/v1/sandboxes/$ID/files/content?path=app/index.html"
""", ID=id) == "<h1>hello</h1>"
    one = shell("curl -s $API/sandbox/$ID", ID=id)
    assert one.count('"id"') == 1 and json.loads(one)["id"] == id
    assert id in shell("curl -s $API/sandboxes")
    assert shell("curl -s -XPOST $API/sandbox/$ID/purge -w '%{http_code}'",
                 ID=id) == "204"
    assert shell("curl -s -XDELETE $API/sandbox/$ID -w '%{http_code}'",
                 ID=id) == "204"


def test_tasks_say_that_they_are_not_there_yet(shell):
    answer = json.loads(shell("""
curl -s -XPOST $API/v1/sandboxes/cage-0123456789abcdef/tasks -H 'content-type: application/json' -d '{
"prompt":"create a Vite app that shows a todo list and run it on port 3000",
"agent":"opencode"
}'"""))
    assert answer["status"] == 501
