"""What callers put into the other services, kept so that a restart brings it back.

moto holds objects, messages, items, parameters, subscriptions and rules in memory. After each call
that may change them, the things that differ are written to the store, before the call is answered:
`touched` says which may differ, `known` which do, `freeze` writes and reads them, `thaw` puts them
back into moto. Start reading at `keeper`.
"""
