"""The console in Chromium: IAM users sign in, and attackers try the rest. Brokers: `test_console_federation.py`.

Every page that is reached is held to axe-core, in light and in dark.
"""

import json
import re
import time

import pytest
import requests
from identities import Identities, one_time_code, policy, unique
from platform_under_test import Garita
from test_sign_in import visit  # noqa: F401

PASSWORD = "Correct-Horse-7"
NEW_PASSWORD = "Even-Better-Horse-8"
COOKIE = "__Host-garita-console"
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@pytest.fixture(scope="module")
def garita():
    """A Garita of this file's own: what an account asks of passwords is the same for all of its users."""
    with Garita().running() as running:
        yield running


class Account(Identities):
    """The account that people sign in to, and its users with passwords."""

    def __init__(self, garita):
        super().__init__(garita)
        self.url = f"{garita.endpoint}/{self.account}"

    def person(self, *statements, reset=False):
        """A user with a password; the name and the keys."""
        name, keys = self.user(*statements)
        self.iam.create_login_profile(UserName=name, Password=PASSWORD, PasswordResetRequired=reset)
        return name, keys

    def phone(self, name):
        """Gives a user a virtual MFA device; answers its serial number and its seed."""
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=unique("phone"))["VirtualMFADevice"]
        serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()
        codes = one_time_code(seed, -2), one_time_code(seed, -1)
        self.iam.enable_mfa_device(
            UserName=name, SerialNumber=serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1]
        )
        return serial, seed

    def _end_user(self, name):
        for device in self.iam.list_mfa_devices(UserName=name)["MFADevices"]:
            self.iam.deactivate_mfa_device(UserName=name, SerialNumber=device["SerialNumber"])
        try:
            self.iam.delete_login_profile(UserName=name)
        except self.iam.exceptions.NoSuchEntityException:
            pass
        super()._end_user(name)


@pytest.fixture
def account(garita):
    made = Account(garita)
    yield made
    made.end()


def enter(visitor, url, name, password=PASSWORD):
    visitor.page.goto(url)
    assert visitor.heading() in ("Sign in", "Inicia sesión")
    visitor.fill(username=name, password=password)
    return visitor


def records(garita, *names):
    return [record for record in garita.audit() if record["eventName"] in names]


def console_cookie(visitor):
    return next((c["value"] for c in visitor.context.cookies() if c["name"] == COOKIE), None)


def test_a_user_signs_in_by_number_and_alias_and_out(visit, garita, account):
    name, _ = account.person()
    alias = unique("team")
    account.iam.create_account_alias(AccountAlias=alias)
    for place in (account.account, alias):
        ana = visit()
        enter(ana, f"{garita.endpoint}/{place}", name)
        assert ana.page.url == f"{garita.endpoint}/console" and ana.heading() == "You are signed in"
        for told in (account.arn("user", name), account.account, "Not shown"):
            assert ana.says(told), told
        ana.page.reload()
        assert ana.heading() == "You are signed in"
        held = console_cookie(ana)
        ana.page.click("button.main")
        assert ana.heading() == "You are signed out" and console_cookie(ana) is None
        ana.page.goto(f"{garita.endpoint}/console")
        assert ana.heading() == "You are not signed in"
        # The cookie itself is worth nothing any more.
        again = requests.get(f"{garita.endpoint}/console", headers={"cookie": f"{COOKIE}={held}"})
        assert "You are not signed in" in again.text
    account.iam.delete_account_alias(AccountAlias=alias)
    signed = [r for r in records(garita, "ConsoleLogin", "Logout") if r["userIdentity"].get("userName") == name]
    assert [r["eventName"] for r in signed] == ["ConsoleLogin", "Logout"] * 2
    record = signed[0]
    assert (record["eventSource"], record["eventType"]) == ("signin.amazonaws.com", "AwsConsoleSignIn")
    assert record["responseElements"] == {"ConsoleLogin": "Success"} and record["requestParameters"] is None
    assert record["userIdentity"]["type"] == "IAMUser" and record["userIdentity"]["arn"] == account.arn("user", name)
    assert record["recipientAccountId"] == account.account
    told = record["additionalEventData"]
    assert (told["LoginTo"], told["MobileVersion"], told["MFAUsed"]) == (f"{garita.endpoint}/console", "No", "No")


def test_the_last_sign_in_is_told(visit, garita, account):
    name, _ = account.person()
    assert "PasswordLastUsed" not in account.iam.get_user(UserName=name)["User"]
    enter(visit(), account.url, name)
    used = account.iam.get_user(UserName=name)["User"]["PasswordLastUsed"]
    assert abs(used.timestamp() - time.time()) < 60
    listed = next(user for user in account.iam.list_users()["Users"] if user["UserName"] == name)
    assert listed["PasswordLastUsed"] == used
    account.iam.generate_credential_report()
    report = account.iam.get_credential_report()["Content"].decode().splitlines()
    line = next(line for line in report if line.startswith(f"{name},"))
    assert line.split(",")[4] == used.isoformat()


def test_what_is_wrong_is_told_to_nobody(visit, garita, account):
    name, _ = account.person()
    bare, _ = account.user()
    pages = set()
    for place, who, password in (
        (account.account, name, "Wrong-Horse-9"),
        (account.account, bare, PASSWORD),
        (account.account, "my-own-secret-word", PASSWORD),
        ("999999999999", name, PASSWORD),
        ("no-such-team", name, PASSWORD),
    ):
        eva = visit()
        enter(eva, f"{garita.endpoint}/{place}", who, password)
        assert eva.says("Account, user name or password is wrong")
        assert eva.page.input_value("#username") == who and eva.page.input_value("#password") == ""
        page = eva.page.inner_html("main").replace(place, "PLACE")
        pages.add(re.sub(r'value="[^"]*"', "", page))
    assert len(pages) == 1, pages
    failed = [r for r in records(garita, "ConsoleLogin") if "errorMessage" in r][-5:]
    assert [r["errorMessage"] for r in failed] == ["Failed authentication"] * 2 + ["No username found in supplied account"] * 3
    assert [r["userIdentity"]["userName"] for r in failed] == [name, bare, HIDDEN, HIDDEN, HIDDEN]
    assert all(r["responseElements"] == {"ConsoleLogin": "Failure"} and "errorCode" not in r for r in failed)
    assert "my-own-secret-word" not in json.dumps(garita.audit())


def test_wrong_passwords_lock_a_name_out(visit, account):
    name, _ = account.person()
    for who in (name, "nobody-of-this-name"):
        eva = visit()
        enter(eva, account.url, who, "Wrong-Horse-9")
        for _ in range(5):
            eva.fill(username=who, password="Wrong-Horse-9")
        eva.fill(username=who, password=PASSWORD)
        assert eva.says("Too many wrong tries"), who


def test_a_code_is_asked_of_who_has_a_device_and_counts_once(visit, garita, account):
    name, keys = account.person(policy("iam:ListUsers"))
    serial, seed = account.phone(name)
    ana = enter(visit(), account.url, name)
    assert ana.heading() == "Enter your code"
    assert records(garita, "CheckMfa")[-1]["additionalEventData"]["MfaType"] == "Virtual MFA"
    ana.page.goto(f"{garita.endpoint}/console")
    assert ana.heading() == "You are not signed in", "a password alone opens nothing"
    ana.page.go_back()
    ana.fill(code="000000")
    assert ana.says("The code is wrong or was used before")
    assert records(garita, "ConsoleLogin")[-1]["additionalEventData"]["MFAUsed"] == "Yes"
    used = one_time_code(seed)
    ana.fill(code=f"{used[:3]} {used[3:]}")
    assert ana.heading() == "You are signed in" and ana.says("Shown")
    record = records(garita, "ConsoleLogin")[-1]
    assert record["responseElements"] == {"ConsoleLogin": "Success"}
    assert record["additionalEventData"]["MFAUsed"] == "Yes"
    eva = enter(visit(), account.url, name)
    eva.fill(code=used)
    assert eva.says("The code is wrong or was used before")
    # The same code is used up for programs too.
    sts = garita.client("sts", keys)
    with pytest.raises(sts.exceptions.ClientError, match="MultiFactorAuthentication failed"):
        sts.get_session_token(SerialNumber=serial, TokenCode=used)
    account.iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
    ana.page.reload()
    assert ana.heading() == "You are not signed in"


def test_a_password_of_an_administrator_is_replaced_by_who_may(visit, account):
    own = policy("iam:ChangePassword", account.arn("user", "${aws:username}"))
    (barred, _), (name, _) = account.person(reset=True), account.person(own, reset=True)
    account.iam.update_account_password_policy(MinimumPasswordLength=12, RequireSymbols=True)
    try:
        bo = enter(visit(), account.url, barred)
        bo.fill(new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
        assert bo.says("You may not set your own password")
        carla = enter(visit(), account.url, name)
        assert carla.heading() == "Choose your own password" and carla.says("At least 12 characters, with a symbol.")
        carla.fill(new_password=NEW_PASSWORD, new_password_again="Another-Horse-9")
        assert carla.says("The two passwords differ")
        carla.fill(new_password="Short-1", new_password_again="Short-1")
        assert carla.says("it needs at least 12 characters.")
        carla.fill(new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
        assert carla.heading() == "You are signed in"
        assert not account.iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
    finally:
        account.iam.delete_account_password_policy()
    enter(visit(), account.url, name, NEW_PASSWORD)


def test_another_password_signs_other_browsers_out(visit, account):
    name, _ = account.person(policy("iam:ChangePassword"))
    one, two = enter(visit(), account.url, name), enter(visit(), account.url, name)
    one.page.click("text=Change your password")
    assert one.heading() == "Change your password" and one.says("three of: capital letters")
    one.fill(password="Wrong-Horse-9", new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert one.says("That is not your password now")
    one.fill(password=PASSWORD, new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert one.heading() == "You are signed in" and one.says("Your password is changed")
    two.page.reload()
    assert two.heading() == "You are not signed in"


@pytest.mark.parametrize("deed", ["no password", "another password", "a device", "gone"])
def test_what_ends_a_session_at_once(visit, account, deed):
    name, _ = account.person()
    ana = enter(visit(), account.url, name)
    assert ana.heading() == "You are signed in"
    if deed == "another password":
        account.iam.update_login_profile(UserName=name, Password=NEW_PASSWORD)
    elif deed == "a device":
        account.phone(name)
    else:
        account.iam.delete_login_profile(UserName=name)
        if deed == "gone":
            account._end_user(name)
    ana.page.reload()
    assert ana.heading() == "You are not signed in"


def test_in_spanish_and_without_javascript(visit, account):
    name, _ = account.person(policy("iam:ChangePassword"), reset=True)
    eva = visit(locale="es-ES")
    enter(eva, account.url, name, "Wrong-Horse-9")
    assert eva.page.get_attribute("html", "lang") == "es"
    assert eva.says("La cuenta, el nombre de usuario o la contraseña no son correctos")
    eva.fill(username=name, password=PASSWORD)
    for refused, why in (
        ("Ab1", "necesita al menos 8 caracteres."),
        ("abcdefgh1", "necesita tres de estas clases"),
        (PASSWORD, "es la que tienes ahora. Elige otra."),
    ):
        eva.fill(new_password=refused, new_password_again=refused)
        assert eva.says(f"Esa contraseña no se puede usar: {why}"), refused
    plain = visit(java_script_enabled=False)
    plain.page.goto(account.url)
    plain.fill(username=name, password=PASSWORD)
    plain.fill(new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert plain.page.inner_text("h1") == "You are signed in"


WORDS = {
    "en-GB": ("Sign in to an account", "You are not signed in", "That is neither the number of an account nor an alias"),
    "es-ES": ("Inicia sesión en una cuenta", "No has iniciado sesión", "Eso no es ni el número de una cuenta ni un alias"),
}


@pytest.mark.parametrize("locale", WORDS)
@pytest.mark.parametrize("scripts", [True, False])
def test_the_bare_address_asks_people_for_their_account(visit, garita, account, locale, scripts):
    name, _ = account.person()
    title, out, neither = WORDS[locale]
    ana = visit(locale=locale, java_script_enabled=scripts, viewport={"width": 320, "height": 640})
    heading = ana.heading if scripts else lambda: ana.page.inner_text("h1")
    ana.page.goto(garita.endpoint)
    assert heading() == title
    if scripts:
        assert ana.page.evaluate("document.activeElement.id") == "account"
        assert ana.page.evaluate("document.documentElement.scrollWidth") == 320
    ana.fill(account="a b")
    assert heading() == out and ana.page.inner_text("#account-problem").startswith(neither)
    ana.fill(account=re.sub(r"(\d{4})(?=\d)", r"\1-", account.account))
    assert ana.page.url == account.url
    ana.fill(username=name, password=PASSWORD)
    ana.page.goto(garita.endpoint)
    ana.fill(account=account.account)
    assert ana.page.url.startswith(f"{garita.endpoint}/console") and account.arn("user", name) in ana.page.inner_text("main")


def test_programs_find_the_api_at_the_bare_address(garita, account):
    _, keys = account.user()
    for headers in (
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "text/html", "Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    ):
        sent = requests.get(garita.endpoint, headers=headers)
        assert sent.status_code >= 400 and "text/html" not in sent.headers["content-type"], headers
    browser = {"Accept": "text/html,application/xhtml+xml;q=0.9"}
    asked = requests.get(f"{garita.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15", headers=browser)
    assert asked.status_code == 403 and "<Code>" in asked.text
    assert requests.post(garita.endpoint, headers=browser).status_code >= 400
    for method in (requests.get, requests.head):
        sent = method(garita.endpoint, headers=browser)
        assert sent.status_code == 200 and "frame-ancestors 'none'" in sent.headers["content-security-policy"]
    for path in ("/a/b", "/console/x"):
        nowhere = requests.get(garita.endpoint + path, headers=browser)
        assert nowhere.status_code == 404 and "There is no such page" in nowhere.text
        assert "text/html" not in requests.get(garita.endpoint + path).headers["content-type"]
    issuer = requests.get(f"{garita.endpoint}/sts/00000000-0000-4000-8000-000000000000/.well-known/jwks.json", headers=browser)
    assert "text/html" not in issuer.headers["content-type"]
    assert records(garita, "ConsoleFrontPage_GET"), "the trail knows of it"
    assert garita.client("sts", keys).get_caller_identity()["Account"] == account.account


# --- attacks ---


def form_of(garita, url):
    """A sign-in form as a program sees it: its hidden field, and the cookie it is bound to."""
    found = requests.get(url)
    cookie = found.headers["set-cookie"].split(";")[0]
    return re.search(r'name="flow" value="([^"]+)"', found.text).group(1), cookie


def test_forms_of_other_sites_and_browsers_are_refused(garita, account):
    name, _ = account.person()
    own, url = garita.endpoint, f"{account.url}/sign-in"
    (flow, cookie), (foreign, _) = form_of(garita, account.url), form_of(garita, account.url)
    other_flow, _ = form_of(garita, f"{garita.endpoint}/999999999999")

    def send(url=url, flow=flow, cookie=cookie, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"cookie": cookie} if cookie else {}
        form = {"username": name, "password": PASSWORD, "flow": flow}
        return requests.post(url, form, headers=headers, allow_redirects=False)

    for answer, status in (
        (send(), 403),
        (send(origin="https://evil.example"), 403),
        (send(origin="null"), 403),
        (send(sec_fetch_site="cross-site"), 403),
        (send(origin=own, cookie=None), 400),
        (send(origin=own, flow=foreign), 400),
        (send(origin=own, flow=other_flow), 400),
        (send(origin=own, flow=flow[:-4] + "AAAA"), 400),
        # Straight to a later step.
        (send(url=f"{account.url}/code", origin=own), 400),
        (send(url=f"{account.url}/new-password", origin=own), 400),
        (send(url=f"{garita.endpoint}/console/password", origin=own), 400),
        (send(url=account.url, origin=own), 405),
    ):
        assert answer.status_code == status and "set-cookie" not in answer.headers, answer.text
    done = send(origin=own)
    assert done.status_code == 303 and done.headers["location"] == "/console"
    session = done.headers["set-cookie"]
    assert session.startswith(f"{COOKIE}=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(session.split("; "))
    held = session.split(";")[0]
    assert "You are signed in" in requests.get(f"{own}/console", headers={"cookie": held}).text
    for tampered in (held[:-1] + ("A" if held[-1] != "A" else "B"), held.replace(account.account, "999999999999"), f"{held}; {held}"):
        assert "You are not signed in" in requests.get(f"{own}/console", headers={"cookie": tampered}).text
    for path in ("sign-out", "password"):
        answer = requests.post(f"{own}/console/{path}", headers={"cookie": held, "origin": "https://evil.example"})
        assert answer.status_code == 403
    assert "You are signed in" in requests.get(f"{own}/console", headers={"cookie": held}).text


def test_a_proof_of_the_password_does_not_skip_the_code(garita, account):
    name, _ = account.person(policy("iam:ChangePassword"), reset=True)
    account.phone(name)
    flow, cookie = form_of(garita, account.url)
    headers = {"cookie": cookie, "origin": garita.endpoint}
    form = {"username": name, "password": PASSWORD, "flow": flow}
    done = requests.post(f"{account.url}/sign-in", form, headers=headers, allow_redirects=False)
    where, proof = done.headers["location"].split("?flow=")
    assert where == f"/{account.account}/code"
    form = {"flow": proof, "new-password": NEW_PASSWORD, "new-password-again": NEW_PASSWORD}
    skipped = requests.post(f"{account.url}/new-password", form, headers=headers, allow_redirects=False)
    assert skipped.status_code == 400 and "set-cookie" not in skipped.headers
    assert account.iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
