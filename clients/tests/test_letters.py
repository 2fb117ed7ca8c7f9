"""Letters of user pools, through a real SMTP server: in the reader's language, or in the pool's own words."""

import asyncio
import email
import email.policy
import re
import time
import urllib.parse

import pytest
from aiosmtpd.controller import Controller
from identities import unique
from sign_in_site import Pool
from test_mail import Inbox, free_port
from test_oidc import VERIFIER, Browser

PASSWORD = "Correct-Horse-7"


class Post:
    """A mail server, and what came to it."""

    def __init__(self):
        self.inbox, self.port = Inbox(), free_port()
        self.server = Controller(self.inbox, hostname="127.0.0.1", port=self.port)
        self.server.start()

    def next(self):
        """The next letter: to whom, its subject, its text."""
        given_up = time.monotonic() + 30
        while not self.inbox.taken:
            assert time.monotonic() < given_up, "no letter came"
            time.sleep(0.05)
        _, _, envelope = self.inbox.taken.pop(0)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        return envelope.rcpt_tos, message["subject"], message.get_content()


@pytest.fixture
def post():
    running = Post()
    yield running
    running.server.stop()


@pytest.fixture
def served(another_garita, post):
    running = another_garita()
    running.stop()
    with open(running.data / "garita.toml", "a") as file:
        mail = {"from": "Garita <no-reply@example.com>", "server": f"127.0.0.1:{post.port}", "encryption": "none"}
        file.write("\n[mail]\n" + "".join(f'{name} = "{value}"\n' for name, value in mail.items()))
    running.start()
    return running


def code_in(text):
    return re.search(r"\b\d{6}\b", text).group()


def test_people_are_written_to_in_their_language(served, post):
    admin = served.client("cognito-idp")
    person = served.unsigned("cognito-idp")
    pool = admin.create_user_pool(PoolName=unique("pool"), AutoVerifiedAttributes=["email"])["UserPool"]
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool["Id"], ClientName="web", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]

    def sign_up(name, **attributes):
        given = {"email": f"{name}@example.com", **attributes}
        attributes = [{"Name": key, "Value": value} for key, value in given.items()]
        person.sign_up(ClientId=client, Username=name, Password=PASSWORD, UserAttributes=attributes)
        return post.next()

    to, subject, text = sign_up("ana", locale="es-ES")
    assert (to, subject) == (["ana@example.com"], "Tu código de verificación")
    assert "Vale durante 24 horas" in text
    person.confirm_sign_up(ClientId=client, Username="ana", ConfirmationCode=code_in(text))
    _, subject, text = sign_up("bo")
    assert subject == "Your verification code"
    assert "Hello bo" in text

    to, _, text = sign_up("https://evil.example/prize", email="cy@example.com")
    assert to == ["cy@example.com"]
    assert "Hello https…," in text and "evil" not in text

    person.forgot_password(ClientId=client, Username="ana")
    _, subject, text = post.next()
    assert subject == "Tu código para una contraseña nueva"
    new = {"Username": "ana", "ConfirmationCode": code_in(text), "Password": "Another-Horse-8"}
    person.confirm_forgot_password(ClientId=client, **new)
    parameters = {"USERNAME": "ana", "PASSWORD": "Another-Horse-8"}
    signed_in = person.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert signed_in["AuthenticationResult"]["AccessToken"]

    address = [{"Name": "email", "Value": "cy@example.com"}]
    admin.admin_create_user(UserPoolId=pool["Id"], Username="cy", UserAttributes=address)
    _, subject, text = post.next()
    assert subject == "Your temporary password"
    assert "your user name is cy" in text

    admin.tag_resource(ResourceArn=pool["Arn"], Tags={"garita:language": "es"})
    assert sign_up("di")[1] == "Tu código de verificación"
    words = {"EmailSubject": "Willkommen", "EmailMessage": "Der Code ist {####}."}
    admin.update_user_pool(
        UserPoolId=pool["Id"], AutoVerifiedAttributes=["email"], VerificationMessageTemplate=words
    )
    _, subject, text = sign_up("eve", locale="es")
    assert subject == "Willkommen"
    assert re.fullmatch(r"Der Code ist \d{6}\.\s*", text)


def sign_up_by_page(garita, app, language):
    """An account that somebody makes who reads this language; the page that comes of it."""
    pool = Pool(garita, "People", AutoVerifiedAttributes=["email"])
    client, _ = pool.app_client(app)
    asked = {
        "response_type": "code", "client_id": client, "redirect_uri": app.callback, "scope": "openid",
        "code_challenge": VERIFIER, "code_challenge_method": "S256", "ui_locales": language,
    }  # fmt: skip
    browser = Browser(pool)
    page = browser.go(f"/{pool.id}/oauth2/authorize?" + urllib.parse.urlencode(asked))
    link = re.search(r'href="([^"]*/sign-up[^"]*)"', page.text).group(1).replace("&amp;", "&")
    twice = {"new-password": PASSWORD, "new-password-again": PASSWORD}
    return pool, browser.submit(browser.go(link), username="ana", email="ana@example.com", **twice)


def test_who_signs_up_on_a_page_is_written_to_in_its_language(served, post, app):
    pool, page = sign_up_by_page(served, app, "es-MX")
    assert "Confirma tu dirección" in page.text
    assert post.next()[1] == "Tu código de verificación"
    user = pool.idp.admin_get_user(UserPoolId=pool.id, Username="ana")
    assert {"Name": "locale", "Value": "es"} in user["UserAttributes"]
    pool, page = sign_up_by_page(served, app, "en")
    assert post.next()[1] == "Your verification code"
    user = pool.idp.admin_get_user(UserPoolId=pool.id, Username="ana")
    assert "locale" not in [attribute["Name"] for attribute in user["UserAttributes"]], "as the pool has it"


def test_an_account_whose_code_cannot_be_sent_is_not_said_to_be_refused(another_garita, app):
    pool, page = sign_up_by_page(another_garita(), app, "en")
    assert page.status_code == 400
    assert "Your account is made, but the code could not be sent" in page.text
    assert "A code was sent" not in page.text
    assert re.search(r'href="[^"]*/resend[^"]*"', page.text)
    user = pool.idp.admin_get_user(UserPoolId=pool.id, Username="ana")
    assert user["UserStatus"] == "UNCONFIRMED"


def invite(garita, names):
    pool = Pool(garita, "Invited")
    for name in names:
        address = [{"Name": "email", "Value": f"{name}@example.com"}]
        pool.idp.admin_create_user(UserPoolId=pool.id, Username=name, UserAttributes=address)


def test_letters_that_wait_are_sent_before_the_end(served, post):
    async def slowly(server, session, envelope):
        await asyncio.sleep(0.3)
        post.inbox.taken.append(envelope.rcpt_tos[0])
        return "250 OK"

    post.inbox.handle_DATA = slowly
    names = [f"user{n}" for n in range(12)]
    invite(served, names)
    served.stop()
    assert sorted(post.inbox.taken) == sorted(f"{name}@example.com" for name in names)


def test_an_address_that_is_refused_for_good_is_not_tried_again(served, post):
    tried = []

    async def choosy(server, session, envelope, address, options):
        tried.append(address)
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if tried.count(address) == 1:
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    post.inbox.handle_RCPT = choosy
    invite(served, ["nobody", "ana"])
    assert post.next()[0] == ["ana@example.com"]
    time.sleep(3)
    assert (tried.count("nobody@example.com"), tried.count("ana@example.com")) == (1, 2)
