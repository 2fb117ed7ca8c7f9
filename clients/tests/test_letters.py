"""Letters of user pools, through a real SMTP server: in the reader's language, or in the pool's own words."""

import email
import email.policy
import re
import time

import pytest
from aiosmtpd.controller import Controller
from identities import unique
from test_mail import Inbox, free_port

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
