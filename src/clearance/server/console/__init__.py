"""The console: pages in a browser, at the endpoint's own port under ``/_clearance/``.

``door`` lets people in, ``app`` starts NiceGUI when the first of them comes, ``registry`` lists the
pages, ``view`` is all that a page may look at and ``acting`` the only way it can change anything.

A new page is a module under ``pages`` with a ``PAGE``, and a line in ``registry``. Its ``build``
gets a `page.Desk`: it takes one estate from ``desk.view`` and works on that, reads the disk and
decides much through ``desk.view.aside`` (what may take minutes in a `parts.working.Working`), and
is drawn with ``parts``.
"""
