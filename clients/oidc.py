"""A real OpenID Connect provider (npm `oidc-provider`) on loopback, and tokens that it would never make."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from platform_under_test import clean_environment

SERVER = pathlib.Path(__file__).with_name("oidc_provider") / "server.mjs"
CALLBACK = "https://app.example/callback"
HOUR = 3600


def encoded(data):
    """As parts of tokens and numbers of keys are written."""
    if isinstance(data, int):
        data = data.to_bytes((data.bit_length() + 7) // 8, "big")
    elif not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def node():
    """The Node.js that env.sh found or installed, and its folder of packages."""
    modules = os.environ.get("CLIENTS_NODE_MODULES", pathlib.Path(sys.prefix) / "node" / "node_modules")
    assert pathlib.Path(modules).is_dir(), f"no packages in {modules}: run clients/env.sh"
    beside = pathlib.Path(sys.executable).with_name("node")
    program = str(beside) if beside.exists() else shutil.which("node")
    assert program, "no Node.js found: run clients/env.sh"
    return program, pathlib.Path(modules)


class Key:
    """An RSA key of a provider."""

    def __init__(self, id):
        self.id = id
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self):
        numbers = self.private.private_numbers()
        public = numbers.public_numbers
        parts = {
            "n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q,
            "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp,
        }  # fmt: skip
        values = {name: encoded(value) for name, value in parts.items()}
        return {"kty": "RSA", "kid": self.id, "use": "sig", "alg": "RS256", **values}

    def sign(self, header, claims):
        """A token with exactly this header and these claims, signed with this key."""
        text = f"{encoded(header)}.{encoded(claims)}"
        return f"{text}.{encoded(self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def hmac_token(header, claims, secret):
    """A token with an HMAC in the place of a signature."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


class Provider:
    """The provider, with one key at a time."""

    def __init__(self, clients=("app",), callbacks=(), people=None):
        self.callbacks, self.people = list(callbacks), people or {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.issuer = f"http://{self.host}"
        self.clients, self.key, self.process = list(clients), Key("first"), None

    def start(self, lifetime=HOUR):
        program, modules = node()
        # Where a module looks for others is where its file is, so the file goes to the packages.
        placed = modules.parent / SERVER.name
        shutil.copyfile(SERVER, placed)
        self.process = subprocess.Popen(
            [program, placed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=clean_environment(),
        )
        told = {
            "issuer": self.issuer, "port": self.port, "keys": [self.key.jwk()],
            "clients": self.clients, "lifetime": lifetime, "callbacks": self.callbacks, "people": self.people,
        }  # fmt: skip
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline()) != "ready\n":
            assert line, "the provider did not start"
        return self

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
            self.process.stdout.close()
            self.process = None

    def rotate(self):
        """Begins anew with another key."""
        self.stop()
        self.key = Key(f"next-{secrets.token_hex(4)}")
        self.start()

    def id_token(self, user="ana", client="app"):
        """The token a person gets who signs in: the authorization code flow with PKCE, in a browser's place."""
        browser, verifier = requests.Session(), secrets.token_urlsafe(48)
        # The cookies are for this host alone, whatever a proxy of the machine thinks.
        browser.trust_env = False
        asked = {
            "client_id": client, "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK,
            "code_challenge": encoded(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256",
        }  # fmt: skip
        page = browser.get(f"{self.issuer}/auth", params=asked)
        for form in ({"prompt": "login", "login": user, "password": "any"}, {"prompt": "consent"}):
            answer = browser.post(page.url, data=form, allow_redirects=False)
            while (there := answer.headers["location"]) and not there.startswith(CALLBACK):
                answer = page = browser.get(urllib.parse.urljoin(self.issuer, there), allow_redirects=False)
                if answer.status_code == 200:
                    break
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(there).query)["code"][0]
        given = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier,
        }  # fmt: skip
        got = browser.post(f"{self.issuer}/token", data=given, auth=(client, "not-a-secret"))
        assert got.status_code == 200, got.text
        return got.json()["id_token"]

    def claims(self, **more):
        """What a good token says, with changes."""
        now = int(time.time())
        return {"iss": self.issuer, "sub": "ana", "aud": "app", "iat": now, "exp": now + HOUR, **more}

    def forged(self, header=None, **claims):
        """A token signed with the provider's own key, whatever it says."""
        return self.key.sign({"alg": "RS256", "kid": self.key.id, **(header or {})}, self.claims(**claims))
