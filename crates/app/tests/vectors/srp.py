"""Prints test vectors of Cognito's SRP for `app::srp`: both sides, in Python's own integers, written from the protocol.

Each line: pool suffix, user, password, salt, verifier, b, A, B, secret block, timestamp, signature; tab-separated.
Salt to B in hex, secret block and signature in base64. Run it to make `srp.txt` anew.
"""

import base64
import hashlib
import hmac
import random

N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2


def padded(number):
    """The bytes of a number as it is hashed: the fewest, with a zero in front where it would seem negative."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def sha(*parts):
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")


K = sha(padded(N), padded(G))


def line(rng, suffix, user, password, salt):
    identity = hashlib.sha256(f"{suffix}{user}:{password}".encode()).digest()
    x = sha(padded(salt), identity)
    verifier = pow(G, x, N)
    a, b = rng.getrandbits(1024), rng.getrandbits(256)
    public_a = pow(G, a, N)
    public_b = (K * verifier + pow(G, b, N)) % N
    u = sha(padded(public_a), padded(public_b))
    client = pow(public_b - K * verifier, a + u * x, N)
    server = pow(public_a * pow(verifier, u, N), b, N)
    assert client == server
    prk = hmac.digest(padded(u), padded(client), "sha256")
    key = hmac.digest(prk, b"Caldera Derived Key\x01", "sha256")[:16]
    block, stamp = rng.randbytes(40), "Sat Nov 21 00:16:09 UTC 2026"
    signature = hmac.digest(key, suffix.encode() + user.encode() + block + stamp.encode(), "sha256")
    encoded = [base64.b64encode(data).decode() for data in (block, signature)]
    numbers = [f"{number:x}" for number in (salt, verifier, b, public_a, public_b)]
    print("\t".join([suffix, user, password, *numbers, encoded[0], stamp, encoded[1]]))


def main():
    rng = random.Random(20261121)
    print("# Made by srp.py beside this file.")
    salts = [1 << 127 | rng.getrandbits(120), rng.getrandbits(126), rng.getrandbits(100), 1]
    for number, salt in enumerate(salts * 3):
        line(rng, "Ab3dE5gH9", f"ana-{number}", f"contraseña 🎺 {number}", salt)


main()
