"""Prints password hashes made by other software, for the tests of `password::stored`: `password TAB hash`.

Needs argon2-cffi and bcrypt; the rest is Python's own. Run it to make `passwords.txt` anew.
"""

import base64
import hashlib

import argon2
import bcrypt


def bare(data):
    return base64.b64encode(data).decode().rstrip("=")


def passlib_base64(data):
    return bare(data).replace("+", ".")


def show(password, stored):
    print(f"{password}\t{stored}")


def argon2_hashes(password):
    for kind, version, passes, memory, lanes in [
        (argon2.Type.ID, 19, 2, 19456, 1),
        (argon2.Type.ID, 19, 1, 47104, 1),
        (argon2.Type.ID, 19, 3, 65536, 4),
        (argon2.Type.I, 19, 3, 4096, 1),
        (argon2.Type.D, 16, 3, 1024, 2),
    ]:
        made = argon2.low_level.hash_secret(
            password.encode(), b"0123456789abcdef", passes, memory, lanes, 32, kind, version
        )
        show(password, made.decode())


def pbkdf2_hashes(password):
    for name, rounds, length in [("sha256", 29000, 32), ("sha512", 25000, 64)]:
        salt = bytes(range(240, 256))
        made = hashlib.pbkdf2_hmac(name, password.encode(), salt, rounds, length)
        show(password, f"$pbkdf2-{name}$i={rounds},l={length}${bare(salt)}${bare(made)}")
        show(password, f"$pbkdf2-{name}$i={rounds}${bare(salt)}${bare(made)}")
        show(password, f"$pbkdf2-{name}${rounds}${passlib_base64(salt)}${passlib_base64(made)}")
        made = hashlib.pbkdf2_hmac(name, password.encode(), b"djangoSalt22", rounds)
        show(password, f"pbkdf2_{name}${rounds}$djangoSalt22${base64.b64encode(made).decode()}")


def main():
    print("# Made by passwords.py beside this file.")
    for password in ["correct horse battery", "contraseña ñandú 🎺"]:
        argon2_hashes(password)
        pbkdf2_hashes(password)
        for prefix in [b"2a", b"2b"]:
            show(password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(5, prefix)).decode())
        show(password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(6)).decode().replace("$2b$", "$2y$"))
        for log_n, r, p in [(14, 8, 1), (10, 8, 2)]:
            made = hashlib.scrypt(password.encode(), salt=b"saltsaltsaltsalt", n=1 << log_n, r=r, p=p, maxmem=1 << 26, dklen=32)
            show(password, f"$scrypt$ln={log_n},r={r},p={p}${bare(b'saltsaltsaltsalt')}${bare(made)}")


main()
