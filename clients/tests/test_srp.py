"""SRP, with the arithmetic of a client that people use (pycognito) against Garita's own side of it."""

import json
import subprocess

import pytest
from platform_under_test import REPOSITORY
from pycognito.aws_srp import AWSSRP

POOL, CLIENT = "eu-west-1_Ab3dE5gH9", "1example23456789"
ROUNDS = 12


class Server:
    """Garita's side of SRP for one user."""

    def __init__(self, username, password):
        command = ["cargo", "run", "-q", "-p", "garita-app", "--example", "srp"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=REPOSITORY, text=True, **pipes)
        self.tell({"pool": POOL, "client": CLIENT, "username": username, "password": password})

    def tell(self, line):
        print(json.dumps(line), file=self.process.stdin, flush=True)

    def ask(self, line):
        self.tell(line)
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
        self.process.stdout.close()


@pytest.fixture
def server():
    running = []

    def start(username, password):
        running.append(Server(username, password))
        return running[-1]

    yield start
    for one in running:
        one.end()


def sign_in(server, username, password):
    client = AWSSRP(username, password, POOL, CLIENT, client=object())
    asked = client.get_auth_params()
    challenge = server.ask({"SRP_A": asked["SRP_A"]})
    answer = client.process_challenge(challenge, asked)
    return server.ask(
        {
            "SECRET_BLOCK": answer["PASSWORD_CLAIM_SECRET_BLOCK"],
            "SIGNATURE": answer["PASSWORD_CLAIM_SIGNATURE"],
            "TIMESTAMP": answer["TIMESTAMP"],
        }
    )


@pytest.mark.parametrize("username, password", [("ana", "Passw0rd!"), ("bruno.núñez@example.com", "ñandú 🎺 kayak")])
def test_pycognito_proves_the_password_every_time(server, username, password):
    running = server(username, password)
    # Paddings depend on the first bits of random numbers: once is not enough.
    answers = [sign_in(running, username, password) for _ in range(ROUNDS)]
    assert answers == [{"proved": True}] * ROUNDS


def test_a_wrong_password_proves_nothing(server):
    running = server("ana", "Passw0rd!")
    for wrong in ["Passw0rd?", "passw0rd!", "", "Passw0rd! "]:
        assert sign_in(running, "ana", wrong) == {"proved": False}
    assert sign_in(running, "ana", "Passw0rd!") == {"proved": True}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_multiples_of_the_modulus_are_refused(server, number):
    client = AWSSRP("ana", "Passw0rd!", POOL, CLIENT, client=object())
    refused = server("ana", "Passw0rd!").ask({"SRP_A": f"{client.big_n * number:x}"})
    assert "not a valid public value" in refused["error"]
