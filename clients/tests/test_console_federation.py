"""The federation endpoint of the console in Chromium: brokers lead browsers there with the credentials of a session."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
import requests
from identities import policy, trust
from platform_under_test import Credentials
from test_console_sign_in import account, enter, garita  # noqa: F401
from test_sign_in import visit  # noqa: F401


def broker(garita, session, duration=None, post=False):
    """A sign-in token, as brokers have asked for one since there are any: with urllib, all of it in the query."""
    asked = {"Action": "getSigninToken"}
    if duration is not None:
        asked["SessionDuration"] = str(duration)
    asked["Session"] = json.dumps(
        {"sessionId": session.key, "sessionKey": session.secret, "sessionToken": session.token}
    )
    text, url = urllib.parse.urlencode(asked), f"{garita.endpoint}/federation"
    request = urllib.request.Request(url, data=text.encode()) if post else f"{url}?{text}"
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())["SigninToken"]


def broker_url(garita, token, destination="https://console.aws.amazon.com/"):
    return (
        f"{garita.endpoint}/federation?Action=login&Issuer=Example.org"
        f"&Destination={urllib.parse.quote_plus(destination)}&SigninToken={token}"
    )


def refused(garita, session, duration=None):
    with pytest.raises(urllib.error.HTTPError) as caught:
        broker(garita, session, duration)
    assert caught.value.code == 400
    return json.loads(caught.value.read())["message"]


def assumed(garita, keys, role, **more):
    made = garita.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="ana@example.com", **more)
    return Credentials.of(made)


def test_a_broker_leads_a_browser_in(visit, garita, account):
    name, keys = account.user(policy("sts:*"))
    role = account.role(trust(account.account), policy("s3:*"))
    session = assumed(garita, keys, role)
    for post in (False, True):
        token = broker(garita, session, 43_200, post)
        ana = visit()
        ana.page.goto(broker_url(garita, token))
        assert ana.page.url == f"{garita.endpoint}/console" and ana.heading() == "You are signed in"
        assert ana.says(f"assumed-role/{role.rpartition('/')[2]}/ana@example.com")
        assert ana.page.query_selector("text=Change your password") is None
        eva = visit()
        eva.page.goto(broker_url(garita, token))
        assert eva.heading() == "This page has run out" and eva.says("signs in once")
    ana.page.goto(f"{garita.endpoint}/federation?Action=logout")
    assert ana.heading() == "Sign out?"
    ana.page.click("button.main")
    assert ana.heading() == "You are signed out"
    trail = garita.audit()
    tokens = [r for r in trail if r["eventName"] == "GetSigninToken"]
    assert tokens[-1]["responseElements"] == {
        "credentials": {"accessKeyId": session.key},
        "GetSigninToken": "Success",
    }
    assert tokens[-1]["userIdentity"]["type"] == "AssumedRole"
    kept, log = json.dumps(trail), garita.log.read_text(errors="replace")
    for secret in (session.secret, session.token, token):
        for place in (kept, log):
            assert secret not in place and urllib.parse.quote_plus(secret) not in place


def test_a_browser_is_led_to_this_garita_alone(visit, garita, account):
    name, keys = account.user(policy("sts:*"))
    session = assumed(garita, keys, account.role(trust(account.account)))
    token = broker(garita, session)
    for elsewhere in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        f"{garita.endpoint}@evil.example/",
        f"{garita.endpoint}.evil.example/",
        "javascript:alert(1)",
    ):
        answer = requests.get(broker_url(garita, token, elsewhere), allow_redirects=False)
        assert answer.status_code == 400 and "set-cookie" not in answer.headers, elsewhere
        assert "not one of this site" in answer.text
    head = requests.head(broker_url(garita, token), allow_redirects=False)
    assert head.status_code == 405, "whoever only looks ahead uses nothing up"
    ana = visit()
    ana.page.goto(broker_url(garita, token, f"{garita.endpoint}/console?from=broker"))
    assert ana.page.url == f"{garita.endpoint}/console?from=broker" and ana.heading() == "You are signed in"


def test_nobody_becomes_somebody_else_unseen(visit, garita, account, app):
    name, keys = account.person(policy("sts:*"))
    session = assumed(garita, keys, account.role(trust(account.account)))
    ana = enter(visit(), account.url, name)
    token = broker(garita, session)
    ana.page.goto(broker_url(garita, token))
    assert ana.heading() == "Somebody is signed in already" and ana.says(account.arn("user", name))
    # Led by a page of another site, which browsers treat otherwise than an address that was typed.
    ana.page.goto(app.url.replace("127.0.0.1", "localhost"))
    ana.page.evaluate("url => { location.href = url }", broker_url(garita, token))
    ana.page.wait_for_url(f"{garita.endpoint}/federation?**")
    assert ana.heading() == "Somebody is signed in already"
    ana.page.click("text=To the console")
    assert ana.says(account.arn("user", name))
    ana.page.click("button.main")
    assert ana.heading() == "You are signed out"
    ana.page.goto(app.url.replace("127.0.0.1", "localhost"))
    ana.page.evaluate("url => { location.href = url }", broker_url(garita, token))
    ana.page.wait_for_url(f"{garita.endpoint}/console")
    assert ana.heading() == "You are signed in"


def test_what_a_broker_is_refused(garita, account):
    name, keys = account.user(policy("*"))
    role = account.role(trust(account.account), policy("sts:*"))
    session, sts = assumed(garita, keys, role), garita.client("sts", keys)
    for duration in (899, 43_201, -1, "x"):
        assert "SessionDuration" in refused(garita, session, duration), duration
    assert "GetSessionToken" in refused(garita, Credentials.of(sts.get_session_token()))
    federated = Credentials.of(sts.get_federation_token(Name="bob", Policy=policy("s3:*")))
    assert "GetFederationToken" in refused(garita, federated, 900)
    assert broker(garita, federated)
    chained = assumed(garita, session, account.role(trust(role)))
    assert "3600" in refused(garita, chained, 3_601)
    assert broker(garita, chained, 3_600)
    long_term = Credentials(keys.key, keys.secret, "")
    assert refused(garita, long_term)
    assert refused(garita, Credentials(session.key, keys.secret, session.token))
    for text in ("", "[]", "{}", '{"sessionId":1}', "x" * 60_000):
        answer = requests.post(f"{garita.endpoint}/federation", {"Action": "getSigninToken", "Session": text})
        assert answer.status_code in (400, 413), text[:20]
    assert requests.get(f"{garita.endpoint}/federation?Action=getSigninToken&Session=a&Session=b").status_code == 400


def test_a_revoked_role_session_ends_the_browsers(visit, garita, account):
    name, keys = account.user(policy("sts:*"))
    role = account.role(trust(account.account))
    token = broker(garita, assumed(garita, keys, role), 43_200)
    ana = visit()
    ana.page.goto(broker_url(garita, token))
    assert ana.heading() == "You are signed in"
    account.iam.delete_role(RoleName=role.rpartition("/")[2])
    ana.page.reload()
    assert ana.heading() == "You are not signed in"
