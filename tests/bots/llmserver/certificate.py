# SPDX-License-Identifier: Apache-2.0
"""A certificate for loopback, and for the hosts that tunnel.py plays, that signs itself; clients trust it by SSL_CERT_FILE."""

import subprocess

HOSTS = ["localhost", "api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "openrouter.ai",
         "bedrock-runtime.eu-central-1.amazonaws.com", "shop.example"]


def make(folder):
    """Makes cert.pem and key.pem in `folder` with openssl; answers their paths."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ",".join([*(f"DNS:{host}" for host in HOSTS), "IP:127.0.0.1"])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}", "-days", "2",
         "-keyout", key, "-out", certificate],
        check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return certificate, key
