"""A SigV4 signer of a few lines, written from AWS's description: unlike the clients' own it can be told to err."""

import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

ALGORITHM = "AWS4-HMAC-SHA256"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    quoted = [(urllib.parse.quote(k, safe="-_.~"), urllib.parse.quote(v, safe="-_.~")) for k, v in pairs]
    return "&".join(f"{k}={v}" for k, v in sorted(quoted))


def sign(method, url, credentials, body=b"", service="execute-api", region="eu-west-1", late_by=0, claims=None):
    """The headers of a signed request. `late_by` seconds: signed that long ago; `claims`: another body's bytes."""
    parts = urllib.parse.urlsplit(url)
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=late_by)
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "host": parts.netloc,
        "x-amz-content-sha256": digest(body if claims is None else claims),
        "x-amz-date": stamp,
    }
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    path = urllib.parse.quote(parts.path, safe="/-_.~")
    canonical = "\n".join(
        [method, path, canonical_query(parts.query), lines, names, headers["x-amz-content-sha256"]]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, stamp, scope, digest(canonical.encode())])
    key = f"AWS4{credentials.secret}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = keyed(key, part)
    signature = keyed(key, to_sign).hex()
    credential = f"{credentials.key}/{scope}"
    authorization = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": authorization}


class Reply:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


def send(method, url, headers=None, body=b""):
    """Sends exactly this, without redirects or retries."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(method, target, skip_host="host" in (headers or {}), skip_accept_encoding=True)
        given = {"content-type": "application/json", **(headers or {})}
        if body or method in ("POST", "PUT", "PATCH"):
            given.setdefault("content-length", str(len(body)))
        for name, value in given.items():
            for one in value if isinstance(value, list) else [value]:
                connection.putheader(name, one)
        connection.endheaders()
        if body:
            connection.send(body)
        return Reply(connection.getresponse())
    finally:
        connection.close()
