"""E-mail, through a real SMTP server on this machine: with TLS and a password, and what must not happen."""

import email
import email.policy
import os
import socket
import ssl
import subprocess

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from platform_under_test import clean_environment, garita_binary

USER, PASSWORD = b"garita", b"mail-password"
TO = "ana@example.com"


class Inbox:
    """What the server was given."""

    def __init__(self):
        self.taken, self.refuse = [], None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.refuse:
            return self.refuse
        self.taken.append((session.ssl is not None, session.authenticated, envelope))
        return "250 OK"


def signs_in(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine, which is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=mail", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*command, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def server(certificate):
    """Starts SMTP servers."""
    running = []

    def start(tls=True, wrapped=False, **settings):
        """An SMTP server with TLS, `wrapped` from the first byte, and its inbox."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        inbox = Inbox()
        if wrapped:
            settings["ssl_context"] = context
        elif tls:
            settings.update(tls_context=context, require_starttls=True)
        one = Controller(inbox, hostname="127.0.0.1", port=0, **settings)
        # The controller connects to the port it was told, to see whether it is up: find one that is free.
        one.port = free_port()
        one.start()
        running.append(one)
        return one, inbox

    yield start
    for one in running:
        one.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mail_test(place, to=TO, password=PASSWORD.decode(), **settings):
    lines = [f'{name} = "{value}"' for name, value in {"from": "Garita <no-reply@example.com>", **settings}.items()]
    config = place / "garita.toml"
    config.write_text("[mail]\n" + "\n".join(lines) + "\n")
    env = clean_environment(GARITA_SMTP_PASSWORD=password)
    command = [garita_binary(), "mail-test", to, "--config", config]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_message_arrives_over_tls_with_a_password(server, certificate, tmp_path, encryption):
    one, inbox = server(wrapped=encryption == "tls", authenticator=signs_in, auth_required=True, auth_require_tls=encryption != "tls")
    settings = {"server": f"localhost:{one.port}", "encryption": encryption, "username": USER.decode()}
    done = mail_test(tmp_path, **settings, ca_file=certificate / "cert.pem")
    assert done.returncode == 0, done.stderr
    [(over_tls, authenticated, envelope)] = inbox.taken
    assert over_tls or encryption == "tls"
    assert authenticated
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.com", [TO])
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (message["From"], message["To"]) == ("Garita <no-reply@example.com>", TO)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.com>")
    assert "mail-test" in message.get_content()


def test_a_wrong_password_is_told_and_not_shown(server, certificate, tmp_path):
    one, inbox = server(authenticator=signs_in, auth_required=True)
    settings = {"server": f"localhost:{one.port}", "username": USER.decode(), "ca_file": certificate / "cert.pem"}
    done = mail_test(tmp_path, password="not-the-password", **settings)
    assert done.returncode == 1
    assert "the mail server answered 535" in done.stderr
    assert "not-the-password" not in done.stderr + done.stdout
    assert inbox.taken == []


def test_a_server_with_another_certificate_gets_nothing(server, tmp_path):
    one, inbox = server()
    done = mail_test(tmp_path, server=f"localhost:{one.port}")
    assert done.returncode == 1
    assert "certificate" in done.stderr
    assert inbox.taken == []


def test_starttls_is_required_not_tried(server, tmp_path):
    one, inbox = server(tls=False)
    done = mail_test(tmp_path, server=f"localhost:{one.port}", encryption="starttls")
    assert done.returncode == 1
    assert "STARTTLS" in done.stderr
    assert inbox.taken == []


def test_without_tls_only_on_this_machine(server, tmp_path):
    one, inbox = server(tls=False)
    done = mail_test(tmp_path, server=f"127.0.0.1:{one.port}", encryption="none")
    assert done.returncode == 0, done.stderr
    assert len(inbox.taken) == 1
    done = mail_test(tmp_path, server="192.0.2.1:25", encryption="none")
    assert (done.returncode, "another machine" in done.stderr) == (1, True)


def test_an_address_cannot_bring_headers_or_more_addresses(server, tmp_path):
    one, inbox = server(tls=False)
    for to in ["ana@example.com\nBcc: bob@example.com", "ana@example.com, bob@example.com", "<ana@example.com>"]:
        done = mail_test(tmp_path, to=to, server=f"127.0.0.1:{one.port}", encryption="none")
        assert (done.returncode, "address is not one" in done.stderr) == (1, True), done.stderr
    assert inbox.taken == []


def test_what_the_server_refuses_is_told_by_its_number(server, tmp_path):
    one, inbox = server(tls=False)
    inbox.refuse = f"550 no mailbox for {TO}"
    done = mail_test(tmp_path, server=f"127.0.0.1:{one.port}", encryption="none")
    assert "the mail server answered 550" in done.stderr
    assert TO not in done.stderr, "the server's own words are not repeated"


def test_messages_into_a_folder(tmp_path):
    done = mail_test(tmp_path, folder=tmp_path / "mail")
    assert done.returncode == 0, done.stderr
    [path] = (tmp_path / "mail").iterdir()
    assert os.stat(path).st_mode & 0o777 == 0o600
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["To"] == TO
