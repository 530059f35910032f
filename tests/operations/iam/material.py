"""A public key and something like a certificate, made for these tests."""

from __future__ import annotations

SSH_KEY = (
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDHTrqDeCGRSCO8QVNk75/nr0iLS/3EIe0Q/PGWBfRWolYmRF1S"
    "F7F8GVXGF05lZd++ELRFVKCNJsYvBHjV+L9DMVAawWG59dIlH8ZSaTXLgOtGNgBcR7yBSXHkfzgPr68C"
    "sEMsNe1x1WG4vxN2DvDSt3OlVWCUKFOcjxV2odSbh80YfCoORoppNyw98fI9yDV21Br9B3r23kFvvglV"
    "d/Jq83bxZl5kG6JysoLQladZ0rxFf+65cjMbu6k3wbn6XgqbqoiV91kPKRsakjaxS8p3wmfyT7ZUijwM"
    "CYM2eDsdDprPTvTS5fwHYMDEfSI0/y0o85jCpTIjMDJydRTiV+bD"
)
# The same key as `openssl` writes it.
PEM_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx066g3ghkUgjvEFTZO+f
569Ii0v9xCHtEPzxlgX0VqJWJkRdUhexfBlVxhdOZWXfvhC0RVSgjSbGLwR41fi/
QzFQGsFhufXSJR/GUmk1y4DrRjYAXEe8gUlx5H84D6+vArBDLDXtcdVhuL8Tdg7w
0rdzpVVglChTnI8VdqHUm4fNGHwqDkaKaTcsPfHyPcg1dtQa/Qd69t5Bb74JVXfy
avN28WZeZBuicrKC0JWnWdK8RX/uuXIzG7upN8G5+l4Km6qIlfdZDykbGpI2sUvK
d8Jn8k+2VIo8DAmDNng7HQ6az0700uX8B2DAxH0iNP8tKPOYwqUyIzAycnUU4lfm
wwIDAQAB
-----END PUBLIC KEY-----
"""
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
OTHER_CERTIFICATE = CERTIFICATE.replace("MAMCAQE=", "MAMCAQI=")
THIRD_CERTIFICATE = CERTIFICATE.replace("MAMCAQE=", "MAMCAQM=")
