"""parliament on many policies: texts as JSON lines in, issues and seconds as JSON out."""

from __future__ import annotations

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

import parliament  # noqa: E402


def issues(text: str) -> list[str]:
    try:
        analyzed = parliament.analyze_policy_string(text)
    except Exception as error:  # noqa: BLE001 - a crash is a result here
        return [f"CRASH {type(error).__name__}"]
    return sorted(finding.issue for finding in analyzed.findings)


texts = [json.loads(line) for line in sys.stdin]
issues(texts[0])  # data files are read on the first call
start = time.process_time()
found = [issues(text) for text in texts]
json.dump({"seconds": time.process_time() - start, "issues": found}, sys.stdout)
