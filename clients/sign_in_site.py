"""People's side of a user pool: a pool with apps and people in it, a browser, and an app to sign in to."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time

from platform_under_test import clean_environment

HERE = pathlib.Path(__file__).resolve().parent
NPM = HERE / "npm"
PASSWORD = "Correct-Horse-7"


def chromium_binary():
    """Debian's Chromium, or the one named in $CHROMIUM."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found, "no Chromium found: install the package chromium, or name a program in CHROMIUM"
    return found


def npm_modules():
    """The modules of clients/npm, as its lock file says; installed when they are not there."""
    lock, installed = NPM / "package-lock.json", NPM / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=NPM, check=True, env=clean_environment())
    return NPM / "node_modules"


def one_time_code(seed, at=None):
    """What an authenticator app shows: RFC 6238."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    step = int((at or time.time()) // 30)
    tag = hmac.digest(key, struct.pack(">Q", step), hashlib.sha1)
    word = struct.unpack(">I", tag[tag[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{word % 1_000_000:06}"


class App:
    """An app that browsers come back to: it answers every request, and remembers the address of the last one."""

    def __init__(self):
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/callback"):
                    app.seen.append(f"{app.url}{self.path}")
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!DOCTYPE html><html lang=en><title>The app</title><h1>Welcome back</h1>")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.callback, self.seen = f"{self.url}/callback", []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Pool:
    """A user pool of the running Garita."""

    def __init__(self, garita, name, **settings):
        self.garita, self.idp = garita, garita.client("cognito-idp")
        self.id = self.idp.create_user_pool(PoolName=name, **settings)["UserPool"]["Id"]
        self.issuer = f"{garita.endpoint}/{self.id}"

    def app_client(self, app, name="MLflow", secret=False, flows=("code",), scopes=("openid", "email", "profile"), **more):
        made = self.idp.create_user_pool_client(
            UserPoolId=self.id,
            ClientName=name,
            GenerateSecret=secret,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=list(flows),
            AllowedOAuthScopes=list(scopes),
            CallbackURLs=[app.callback] if "code" in flows else [],
            LogoutURLs=[f"{app.url}/bye"],
            SupportedIdentityProviders=["COGNITO"],
            **more,
        )["UserPoolClient"]
        return made["ClientId"], made.get("ClientSecret")

    def person(self, name, permanent=True, password=PASSWORD, email=None):
        self.idp.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email or f"{name}@example.com"},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "name", "Value": name.title()},
            ],
        )
        if permanent:
            self.idp.admin_set_user_password(UserPoolId=self.id, Username=name, Password=password, Permanent=True)
        return name


class RelyingParty:
    """The certified client of clients/npm, in a process of its own."""

    def __init__(self, **job):
        npm_modules()
        self.process = subprocess.Popen(
            ["node", NPM / "relying_party.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        self.tell(job)

    def tell(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, f"the app ended with {self.process.wait(timeout=10)}"
        heard = json.loads(line)
        assert "failed" not in heard, heard
        return heard

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
