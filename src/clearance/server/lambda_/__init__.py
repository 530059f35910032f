"""Lambda at work: invoking, function URLs, asynchronous events, event sources.

Start reading at `functions`; the processes that run code are in `clearance.server.runtime`.
"""
