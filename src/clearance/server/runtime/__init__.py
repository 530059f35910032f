"""Execution environments: a function's real code in real processes over the real Runtime API.

``Pool.invoke(spec, payload, credentials_for=..., endpoint_url=..., request_id=...)`` answers
an ``Outcome``, whatever the function did, or raises an ``InvocationRefused``.
"""
