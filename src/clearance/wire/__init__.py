"""Bytes to values and back: signatures, protocols, faults. No sockets.

A request goes `Message.of` -> `sigv4.read_claim` -> `sigv4.verify` -> `route.route` ->
`protocols.parse` -> `validation.validate`; an answer comes from `protocols.serialize` or
`faults.render`. What cannot be read is a `FaultError`, who cannot be known an
`AuthenticationError` that `refusals.authentication_fault` puts into words.
"""
