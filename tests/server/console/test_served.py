"""The console where an endpoint serves it; nothing of it is loaded before somebody signs in."""

from __future__ import annotations

import subprocess
import sys

from tests.endpoints import host_of, message, send, site, small_estate

# A process of its own: pages of the console may have been loaded in this one.
STARTS = """
import sys
from tests.endpoints import host_of, message, send, site, small_estate
with site(small_estate(), console=True) as found:
    found.client("sts").get_caller_identity()
    asked = message("GET", "/_clearance/assets/console.css", host=host_of(found.url))
    assert send(found.url, asked).status == 200
    assert not {"nicegui", "fastapi", "socketio"} & set(sys.modules)
"""


def test_starting_and_calling_load_nothing_of_it() -> None:
    subprocess.run([sys.executable, "-c", STARTS], check=True)


def test_without_a_console_its_paths_are_aws_calls_like_others() -> None:
    with site(small_estate()) as found:
        asked = message("GET", "/_clearance/denials", host=host_of(found.url), accept="text/html")
        answer = send(found.url, asked)
        assert answer.status >= 400
        assert "content-security-policy" not in answer.headers


def test_what_a_browser_shows_of_the_endpoint_is_put_into_a_sandbox() -> None:
    with site(small_estate(), console=True) as found:
        host = host_of(found.url)
        shown = send(found.url, message("GET", "/bucket/page.html", host=host, accept="text/html"))
        assert shown.headers["content-security-policy"].startswith("sandbox")
        dest = message("GET", "/bucket/x.svg", host=host, sec_fetch_dest="document")
        assert "content-security-policy" in send(found.url, dest).headers
        plain = message("GET", "/bucket/key", host=host, accept="*/*")
        assert "content-security-policy" not in send(found.url, plain).headers
