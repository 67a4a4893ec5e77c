# SPDX-License-Identifier: Apache-2.0
"""A certificate for loopback that signs itself; clients trust it by SSL_CERT_FILE."""

import subprocess


def make(folder):
    """Makes cert.pem and key.pem in `folder` with openssl; answers their paths."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
         "-keyout", key, "-out", certificate],
        check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return certificate, key
