"""What pages are made of.

Names of policies, fields of logs and user agents are what strangers wrote. They may be the text of
an element, a value of ``element.props[...]`` or data of a table; they are never part of a string
that NiceGUI parses or that the browser runs: ``.props("…")``, ``.classes``, ``.style``, templates,
``run_javascript``, Markdown. A test reads the source for that.
"""
