"""Passkeys and recovery codes in Chromium, with an authenticator of Chromium's own: made on the account page, used alone and
as the second factor. Every page is held to axe-core."""

import socket
import time

import pytest
from platform_under_test import Garita
from sign_in_site import PASSWORD, Pool, one_time_code
from test_sign_in import answer, sign_in_url, visit  # noqa: F401

BOTH = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}}
TWO = {"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}


class AtLocalhost(Garita):
    """A Garita that is reached by a name: passkeys are for names."""

    def configuration(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        own = f'listen = "127.0.0.1:{self.port}"\npublic_url = "http://localhost:{self.port}"'
        return super().configuration().replace('listen = "127.0.0.1:0"', own, 1)


@pytest.fixture(scope="module")
def site():
    running = AtLocalhost()
    try:
        running.create()
        running.endpoint = f"http://localhost:{running.port}"
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def pool(site):
    made = Pool(site, "Passkeys", **BOTH)
    made.idp.set_user_pool_mfa_config(
        UserPoolId=made.id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration=TWO,
    )
    return made


@pytest.fixture(scope="module")
def client(pool, app):  # noqa: F811
    return pool.app_client(app)[0]


def with_authenticator(visitor, verified=True):
    """Plugs an authenticator in; answers what it can be asked by."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    plugged = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return session, plugged


def press(visitor, text):
    with visitor.page.expect_navigation():
        visitor.page.click(f"text={text}")


def signed_in(visitor, pool, app, client, name):  # noqa: F811
    visitor.page.goto(sign_in_url(pool, app, client))
    visitor.fill(username=name, password=PASSWORD)
    assert "code" in answer(visitor, app)


def with_passkey(visitor, pool, name="Work laptop"):
    visitor.page.goto(f"{pool.issuer}/account")
    press(visitor, "Add a passkey")
    assert visitor.heading() == "Add a passkey"
    visitor.page.fill("#name", name)
    press(visitor, "Make the passkey")
    assert visitor.says("The passkey is kept.") and visitor.says(name)


def signed_out(visitor, pool):
    visitor.page.goto(f"{pool.issuer}/account")
    press(visitor, "Sign out")
    assert visitor.heading() == "You are signed out"


def test_a_passkey_is_made_and_signs_in_alone_without_a_name(visit, pool, app, client):  # noqa: F811
    pool.person("ana")
    ana = visit()
    session, plugged = with_authenticator(ana)
    signed_in(ana, pool, app, client, "ana")
    with_passkey(ana, pool)
    signed_out(ana, pool)
    ana.page.goto(sign_in_url(pool, app, client))
    assert ana.heading() == "Sign in"
    press(ana, "Use a passkey")
    assert "code" in answer(ana, app)

    # Where the pool asks for a second factor this one passkey is two, if the authenticator knows its user.
    signed_out(ana, pool)
    ana.page.goto(sign_in_url(pool, app, client))
    session.send("WebAuthn.setUserVerified", {"authenticatorId": plugged, "isUserVerified": False})
    ana.page.click("text=Use a passkey")
    ana.page.wait_for_function("document.querySelector('form.passkey [role=alert]').textContent !== ''")
    assert ana.says("The passkey was not used")

    session.send("WebAuthn.setUserVerified", {"authenticatorId": plugged, "isUserVerified": True})
    press(ana, "Use a passkey")
    assert "code" in answer(ana, app)
    ana.page.goto(f"{pool.issuer}/account")
    with ana.page.expect_navigation():
        ana.page.click("[aria-label='Remove Work laptop']")
    assert ana.says("The passkey is removed.")
    signed_out(ana, pool)
    ana.page.goto(sign_in_url(pool, app, client))
    press(ana, "Use a passkey")
    assert ana.says("That passkey is not accepted here")


def test_no_app_is_offered_where_its_code_is_not_asked_for(visit, site, app):  # noqa: F811
    lax = Pool(site, "Without second factors")
    lax.person("leo")
    leo = visit()
    signed_in(leo, lax, app, lax.app_client(app)[0], "leo")
    leo.page.goto(f"{lax.issuer}/account")
    assert leo.heading() == "Your account" and not leo.says("Authenticator app")


def test_a_passkey_of_another_pool_is_refused(visit, site, pool, app, client):  # noqa: F811
    pool.person("bea")
    bea = visit()
    with_authenticator(bea)
    signed_in(bea, pool, app, client, "bea")
    with_passkey(bea, pool)
    other = Pool(site, "Elsewhere", **BOTH)
    theirs, _ = other.app_client(app)
    other.person("bea")
    bea.page.goto(sign_in_url(other, app, theirs))
    press(bea, "Use a passkey")
    assert bea.says("That passkey is not accepted here")
    bea.fill(username="bea", password=PASSWORD)
    assert "code" in answer(bea, app)


def test_a_passkey_is_the_second_factor_and_recovery_codes_stand_in_once(visit, pool, app, client):  # noqa: F811
    pool.person("carla")
    carla = visit()
    with_authenticator(carla)
    signed_in(carla, pool, app, client, "carla")
    with_passkey(carla, pool)
    assert carla.says("You have no recovery codes")
    press(carla, "Make new codes")
    assert carla.heading() == "Your recovery codes"
    codes = carla.page.locator("ol.codes code").all_inner_texts()
    assert len(set(codes)) == 10
    # Whoever loads the page again keeps the codes that were just written down.
    carla.page.reload()
    assert carla.says("Your recovery codes were made already") and carla.says("You have 10 recovery codes left.")

    signed_out(carla, pool)
    carla.page.goto(sign_in_url(pool, app, client))
    carla.fill(username="carla", password=PASSWORD)
    assert carla.heading() == "Use your passkey"
    press(carla, "Use a recovery code")
    assert carla.heading() == "Use a recovery code"
    carla.fill(recovery_code="00000-00000")
    assert carla.says("The code is wrong or was used before")
    carla.fill(recovery_code=codes[0].upper())
    assert "code" in answer(carla, app)

    signed_out(carla, pool)
    carla.page.goto(sign_in_url(pool, app, client))
    carla.fill(username="carla", password=PASSWORD)
    press(carla, "Use a recovery code")
    carla.fill(recovery_code=codes[0])
    assert carla.says("The code is wrong or was used before")
    press(carla, "Use a passkey")
    assert carla.heading() == "Use your passkey"
    press(carla, "Use a passkey")
    assert "code" in answer(carla, app)
    carla.page.goto(f"{pool.issuer}/account")
    assert carla.says("You have 9 recovery codes left.")


def test_an_authenticator_app_is_set_up_and_removed_on_the_account_page(visit, pool, app, client):  # noqa: F811
    pool.person("dora")
    dora = visit(locale="es-MX")
    signed_in(dora, pool, app, client, "dora")
    dora.page.goto(f"{pool.issuer}/account")
    assert dora.heading() == "Tu cuenta"
    press(dora, "Configurar una aplicación")
    seed = dora.page.inner_text("figure code").replace(" ", "")
    dora.fill(code="000000")
    assert dora.says("no corresponde") or dora.page.inner_text("figure code").replace(" ", "") == seed
    dora.fill(code=one_time_code(seed))
    assert dora.says("La aplicación está configurada")
    signed_out_by = dora.page.locator("button.main")
    with dora.page.expect_navigation():
        signed_out_by.click()
    dora.page.goto(sign_in_url(pool, app, client))
    dora.fill(username="dora", password=PASSWORD)
    dora.fill(code=one_time_code(seed, time.time() + 30))
    assert "code" in answer(dora, app)
    dora.page.goto(f"{pool.issuer}/account")
    press(dora, "Quitar la aplicación")
    assert dora.says("Se quitó la aplicación")


def test_pages_without_passkeys_run_no_script(pool, site, app, client):  # noqa: F811
    import requests

    found = requests.get(sign_in_url(pool, app, client), allow_redirects=False)
    cookie = found.headers["set-cookie"].split(";")[0]
    page = requests.get(site.endpoint + found.headers["location"], headers={"cookie": cookie})
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "default-src 'none'" in policy
    flow = found.headers["location"].split("flow=")[1]
    forgot = requests.get(f"{pool.issuer}/forgot?flow={flow}", headers={"cookie": cookie})
    assert forgot.status_code == 200 and "script" not in forgot.headers["content-security-policy"]
