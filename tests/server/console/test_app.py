"""What of NiceGUI the console leans on: its template, and how scripts stand in it."""

from __future__ import annotations

import re

from nicegui.client import templates

from clearance.server.console.app import _Nonces

SCRIPT = re.compile(r"<script\b[^>]*>")


def test_every_script_of_the_framework_gets_a_nonce_and_no_other() -> None:
    plain = templates.env.loader
    if isinstance(plain, _Nonces):  # where a console has run in this process already
        plain = plain.inner
    assert plain is not None
    before, _, _ = plain.get_source(templates.env, "index.html")
    after, _, _ = _Nonces(plain).get_source(templates.env, "index.html")
    written, marked = SCRIPT.findall(before), SCRIPT.findall(after)
    assert len(written) == len(marked) > 3
    assert all("clearance.nonce" in each for each in marked)
    # what comes in from outside is filled in later, after the marks were set
    assert "elements" in after
    assert "nonce" not in before
