"""A passkey in software for the client tests: ES256, without attestation. Web Authentication, sections 5 and 6."""

import base64
import hashlib
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def encode(data):
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    """The bytes of `encode`."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SoftwarePasskey:
    """What a browser and an authenticator answer to creation options, and to request options after that."""

    def __init__(self, options, origin):
        self.options, self.origin, self.counter = options, origin, 0
        self.key, self.raw_id = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.id = encode(self.raw_id)

    def made(self):
        """A RegistrationResponseJSON."""
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        key = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        attested = bytes(16) + len(self.raw_id).to_bytes(2, "big") + self.raw_id + key
        data = self._data(self.options["rp"]["id"], 0x45) + attested
        # {"fmt": "none", "attStmt": {}, "authData": data}
        head = bytes.fromhex("a363666d74646e6f6e656761747453746d74a068617574684461746158") + bytes([len(data)])
        return self._credential({"attestationObject": encode(head + data)}, "webauthn.create", self.options)

    def answer(self, options):
        """An AuthenticationResponseJSON."""
        self.counter += 1
        data = self._data(options["rpId"], 0x05)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": encode(data), "signature": encode(signature), "userHandle": self.options["user"]["id"],
        }  # fmt: skip
        return self._credential(response, "webauthn.get", options)

    def _data(self, relying_party, flags):
        return hashlib.sha256(relying_party.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, ceremony, options):
        told = {"type": ceremony, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(told, separators=(",", ":")).encode()

    def _credential(self, response, ceremony, options):
        client = {"clientDataJSON": encode(self._client(ceremony, options))}
        return {
            "id": self.id, "rawId": self.id, "type": "public-key", "clientExtensionResults": {},
            "authenticatorAttachment": "platform", "response": {**client, **response},
        }  # fmt: skip
