# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
"""A self-signed certificate with its key in files, as somebody with a bare IP address would make it."""

import datetime
import pathlib
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Certificate:
    def __init__(self):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'relay.example')])
        now = datetime.datetime.now(datetime.timezone.utc)
        signed = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                  .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
                  .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
        self._folder = tempfile.TemporaryDirectory(prefix='peerup-web-')
        folder = pathlib.Path(self._folder.name)
        self.certificate, self.key = str(folder / 'certificate.pem'), str(folder / 'key.pem')
        pathlib.Path(self.certificate).write_bytes(signed.public_bytes(Encoding.PEM))
        pathlib.Path(self.key).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def close(self):
        self._folder.cleanup()
