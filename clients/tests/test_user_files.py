"""Users brought along and taken away with `garita users`, beside a running server, with the hashes of real libraries."""

import base64
import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import time

import argon2
import bcrypt
import pytest
from identities import unique
from platform_under_test import clean_environment, garita_binary

PASSWORD = "Correct-Horse-7"
SALT = b"sixteen bytes of"


def bare(data):
    return base64.b64encode(data).decode().rstrip("=")


def django():
    derived = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), bare(SALT).encode(), 20_000)
    return f"pbkdf2_sha256$20000${bare(SALT)}${base64.b64encode(derived).decode()}"


def scrypt():
    derived = hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=1 << 12, r=8, p=1, dklen=32)
    return f"$scrypt$ln=12,r=8,p=1${bare(SALT)}${bare(derived)}"


HASHES = {
    "bcrypt": lambda: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode(),
    "pbkdf2": django,
    "scrypt": scrypt,
    "argon2": lambda: argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=2).hash(PASSWORD),
}


@pytest.fixture
def pool(admin):
    made = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    yield made
    admin.delete_user_pool(UserPoolId=made)


@pytest.fixture
def client(admin, pool):
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
    return made["UserPoolClient"]["ClientId"]


def users(garita, *arguments):
    command = [garita_binary(), "users", *map(str, arguments), "--data", garita.data]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=120, check=False)


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    path.chmod(0o600)
    return path


def sign_in(person, client, name):
    parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
    given = person.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return given["AuthenticationResult"]


def test_people_come_with_their_passwords_and_go_with_garitas_hashes(garita, admin, person, pool, client, tmp_path):
    lines = [{"group": {"name": "readers", "precedence": 1}}]
    for name, make in HASHES.items():
        attributes = {"email": f"{name}@example.com", "email_verified": "true"}
        user = {"username": name, "password_hash": make(), "groups": ["readers"], "attributes": attributes}
        lines.append({"user": user})
    file = write(tmp_path / "people.jsonl", lines)
    done = users(garita, "import", pool, file)
    assert done.returncode == 0, done.stderr
    assert f"4 users and 1 group came into {pool}" in done.stdout
    assert not done.stderr
    members = admin.list_users_in_group(UserPoolId=pool, GroupName="readers")["Users"]
    assert {member["Username"] for member in members} == set(HASHES)
    for name in HASHES:
        assert sign_in(person, client, name)["AccessToken"]
        assert sign_in(person, client, name)["AccessToken"], "with the hash that replaced it"
    again = users(garita, "import", pool, file)
    assert "0 users and 0 groups came into" in again.stdout
    assert "4 users and 1 group were there" in again.stdout

    out = tmp_path / "out.jsonl"
    done = users(garita, "export", pool, out)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(os.stat(out).st_mode) == 0o600
    exported = [json.loads(line) for line in out.read_text().splitlines()]
    hashes = [line["user"]["password_hash"] for line in exported if "user" in line]
    assert len(hashes) == 4
    assert all(hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for hash in hashes)
    assert all(argon2.PasswordHasher().verify(hash, PASSWORD) for hash in hashes), "others can check them"
    refused = users(garita, "export", pool, out)
    assert refused.returncode == 1
    assert "cannot create" in refused.stderr


def test_a_file_with_a_wrong_line_changes_nothing(garita, admin, pool, tmp_path):
    lines = [{"user": {"username": "ana"}}, {"user": {"username": "bo", "password_hash": "plain-text-password"}}]
    file = write(tmp_path / "people.jsonl", lines)
    refused = users(garita, "import", pool, file)
    assert refused.returncode == 1
    assert "line 2: not a password hash of a known form" in refused.stderr
    assert "plain-text-password" not in refused.stderr
    assert admin.list_users(UserPoolId=pool)["Users"] == []
    assert users(garita, "export", "eu-west-1_000000000", tmp_path / "none.jsonl").returncode == 1
    assert not (tmp_path / "none.jsonl").exists()


def test_a_file_that_others_can_read_is_noted(garita, pool, tmp_path):
    file = write(tmp_path / "people.jsonl", [{"user": {"username": "ana"}}])
    file.chmod(0o644)
    done = users(garita, "import", pool, file)
    assert done.returncode == 0
    assert "others can read" in done.stderr


def begin(garita, *arguments):
    command = [garita_binary(), "users", *map(str, arguments), "--data", garita.data]
    return subprocess.Popen(command, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_file_that_breaks_off_changes_nothing(garita, admin, pool, tmp_path):
    pipe = tmp_path / "people"
    os.mkfifo(pipe, 0o600)
    running = begin(garita, "import", pool, pipe)
    with open(pipe, "w") as half:
        half.write(json.dumps({"user": {"username": "ana"}}) + "\n")
        half.flush()
        time.sleep(1)
        running.kill()
        running.wait()
    time.sleep(0.5)
    assert admin.list_users(UserPoolId=pool)["Users"] == []

    # Whoever sends it says how long it is; what comes of it may end with a line.
    whole = "".join(json.dumps({"user": {"username": name}}) + "\n" for name in ("ana", "bo")).encode()
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(garita.data / "control.sock"))
        command = {"command": "import_users", "pool": pool, "bytes": len(whole)}
        control.sendall(json.dumps(command).encode() + b"\n" + whole.splitlines(True)[0])
        control.shutdown(socket.SHUT_WR)
        assert b"bytes came of a file of" in control.makefile("rb").read()
    assert admin.list_users(UserPoolId=pool)["Users"] == []

    taken = subprocess.run(
        [garita_binary(), "users", "import", pool, "/dev/stdin", "--data", garita.data],
        input=whole, env=clean_environment(), capture_output=True, check=True,
    )  # fmt: skip
    assert b"2 users and 0 groups came into" in taken.stdout


def test_an_export_that_is_killed_leaves_no_file_of_that_name(another_garita, tmp_path):
    garita = another_garita()
    pool = garita.client("cognito-idp").create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    out = tmp_path / "out.jsonl"
    # It waits for a server that is held up.
    garita.process.send_signal(signal.SIGSTOP)
    running = begin(garita, "export", pool, out)
    time.sleep(1)
    running.kill()
    running.wait()
    garita.process.send_signal(signal.SIGCONT)
    assert not out.exists()
    refused = users(garita, "export", pool, out)
    assert refused.returncode == 1
    assert "may be left from an export that was broken off" in refused.stderr
    (tmp_path / ".out.jsonl.part").unlink()
    assert users(garita, "export", pool, out).returncode == 0
    assert os.listdir(tmp_path) == ["out.jsonl"]
