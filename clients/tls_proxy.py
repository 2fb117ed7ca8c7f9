"""A real nginx that ends TLS in front of Garita, with a certificate authority of the tests' own.

Its names are none of loopback, so that browsers treat them as any host of the network. No name server knows them: whoever
is to reach them is told that they are at this machine.
"""

import base64
import datetime
import hashlib
import ipaddress
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "garita.test"
# Where the proxy connects from: on one machine its clients would have the same address otherwise.
ADDRESS = "127.0.0.9"

# What docs/tutorial/tls-by-a-proxy.md tells people to write, with the names and ports of the tests.
SITE = """
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {name};
        ssl_certificate {folder}/chain.pem;
        ssl_certificate_key {folder}/key.pem;
        client_max_body_size 0;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_read_timeout 300s;
        location / {{
            proxy_pass {upstream};
            proxy_bind {address};
        }}
    }}
"""
MAIN = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{sites}
}}
"""


class TlsProxy:
    """nginx at one port of loopback, with a name for each server behind it."""

    def __init__(self, port):
        self.port, self.process = port, None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="garita-tls-"))
        self.authority = self.folder / "authority.pem"
        self._certify()

    def url(self, name):
        return f"https://{name}.{DOMAIN}:{self.port}"

    def start(self, upstreams):
        """Serves each name of `upstreams` by the URL that stands beside it."""
        sites = [
            SITE.format(port=self.port, name=f"{name}.{DOMAIN}", folder=self.folder, upstream=upstream, address=ADDRESS)
            for name, upstream in upstreams.items()
        ]
        configuration = self.folder / "nginx.conf"
        configuration.write_text(MAIN.format(folder=self.folder, sites="".join(sites)))
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        assert nginx, "no nginx found: install the package nginx"
        self.process = subprocess.Popen([nginx, "-e", self.folder / "error.log", "-c", configuration])
        until = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self.process.poll() is None and time.monotonic() < until, (self.folder / "error.log").read_text()
                time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def chromium_arguments(self):
        """Has Chromium find the names, and take this very key for them and no other."""
        return [f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1", f"--ignore-certificate-errors-spki-list={self.pin}"]

    def python_path(self):
        """A folder that has any Python find the names, when it stands in PYTHONPATH."""
        (self.folder / "sitecustomize.py").write_text(
            "import sys\n"
            f"sys.path.append({str(pathlib.Path(__file__).parent)!r})\n"
            "from tls_proxy import find_names\n"
            "find_names()\n"
        )
        return str(self.folder)

    def tls(self):
        """A context that trusts the authority of the tests alone."""
        return ssl.create_default_context(cafile=self.authority)

    def _certify(self):
        now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
        ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca_name, name = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Authority of the tests", DOMAIN)
        )

        def certificate(subject, public, *extensions):
            made = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public)
            made = made.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
            for extension, critical in extensions:
                made = made.add_extension(extension, critical=critical)
            return made.sign(ca_key, hashes.SHA256())

        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        authority = certificate(
            ca_name, ca_key.public_key(), (x509.BasicConstraints(ca=True, path_length=0), True), (usage, True),
            (x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False),
        )  # fmt: skip
        names = [x509.DNSName(f"*.{DOMAIN}"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        leaf = certificate(
            name, key.public_key(), (x509.SubjectAlternativeName(names), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False),
        )  # fmt: skip
        pem = serialization.Encoding.PEM
        self.authority.write_bytes(authority.public_bytes(pem))
        (self.folder / "chain.pem").write_bytes(leaf.public_bytes(pem))
        plain = serialization.NoEncryption()
        (self.folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()


def find_names():
    """Has this process find the names of the tests at this machine."""
    found = socket.getaddrinfo
    if getattr(found, "finds_names_of_tests", False):
        return

    def getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        return found("127.0.0.1" if isinstance(name, str) and name.endswith(f".{DOMAIN}") else host, *args, **kwargs)

    getaddrinfo.finds_names_of_tests = True
    socket.getaddrinfo = getaddrinfo
