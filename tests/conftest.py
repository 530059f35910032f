"""What holds for every test.

Generated cases are drawn anew in each run on a developer's machine; the project's own check draws
the same ones each time, so that a change is judged by itself and not by luck.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=False)
if os.environ.get("CI"):
    settings.load_profile("ci")
