"""The exported directory on a web server that knows nothing of Sitrep."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from comms.channels.page import snapshot
from tests.comms.page.samples import NOW, SITE, story

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
AROUND = """
daemon off; pid nginx.pid; error_log stderr; {user}
events {{}}
http {{
  access_log off; include /etc/nginx/mime.types;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
{server}
}}
"""


def documented(directory: Path, port: int) -> str:
    """The server block that the manual shows, for this directory and port."""
    manual = (ROOT / "docs" / "status-page.md").read_text(encoding="utf-8")
    block = re.search(r"```nginx\n(.*?)```", manual, re.DOTALL)
    assert block is not None
    shown = block[1].replace("listen 80;", f"listen 127.0.0.1:{port};")
    return shown.replace("/srv/status", str(directory))


@contextmanager
def nginx(directory: Path, home: Path) -> Iterator[str]:
    """Serve the directory as the manual says; yield the URL."""
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(AROUND.format(user=user, server=documented(directory, port)))
    running = subprocess.Popen(
        [NGINX, "-p", str(home), "-c", "nginx.conf"], stderr=subprocess.PIPE, text=True
    )
    try:
        while running.poll() is None:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
        assert running.poll() is None, running.stderr.read() if running.stderr else ""
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.communicate(timeout=60)


def test_nginx_serves_an_export_as_the_manual_says(tmp_path: Path) -> None:
    snapshot.publish(tmp_path / "own", SITE, story(), now=NOW)
    snapshot.export(tmp_path / "own", tmp_path / "export", now=NOW)
    incident = story()[0].notice.incident

    with nginx(tmp_path / "export", tmp_path / "nginx") as url:
        with urllib.request.urlopen(f"{url}/") as front:
            assert b"All systems operational" in front.read()
            assert "default-src 'none'" in front.headers["Content-Security-Policy"]
        with urllib.request.urlopen(f"{url}/incidents/{incident}") as page:
            assert page.url == f"{url}/incidents/{incident}"
            assert b"Update 5" in page.read()
        with urllib.request.urlopen(f"{url}/feed.json") as feed:
            assert len(json.load(feed)["items"]) == 5
        with urllib.request.urlopen(f"{url}/history.atom") as feed:
            assert feed.headers["Content-Type"] == "application/atom+xml"
        for hidden in ("nowhere", "notices/", ".lock", "incidents/"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{url}/{hidden}")
            assert refused.value.code == 404
            assert b"There is no such page" in refused.value.read()
