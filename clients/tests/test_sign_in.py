"""The sign-in pages in Chromium: as people use them, by keyboard and in their own language, and as attackers would.

Every page that is reached is held to axe-core, in light and in dark.
"""

import contextlib
import re
import time
import urllib.parse

import pytest
import requests
from sign_in_site import PASSWORD, Pool, one_time_code

NEW_PASSWORD = "Even-Better-Horse-8"


@pytest.fixture(scope="module")
def pool(garita):
    return Pool(garita, "Research platform", AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def client(pool, app):
    return pool.app_client(app)[0]


class Visitor:
    """Somebody with a browser of their own. What the browser complains about is a failure."""

    def __init__(self, chromium, axe, **settings):
        self.context = chromium.new_context(**{"locale": "en-GB", **settings})
        # The checker is put in by the test, past what the page's own policy allows.
        self.page, self.axe, self.complaints = self.context.new_page(), axe, []
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def look(self):
        """Holds the page to the checker, in light and in dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.evaluate(f"async () => {{ {self.axe}; return (await axe.run(document)).violations }}")
            assert found == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
        return self.page

    def says(self, text):
        return text in self.look().inner_text("main")

    def fill(self, **fields):
        for name, value in fields.items():
            self.page.fill(f"#{name.replace('_', '-')}", value)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def heading(self):
        return self.look().inner_text("h1")


@pytest.fixture
def visit(chromium, axe):
    made = []

    def visitor(**settings):
        made.append(Visitor(chromium, axe if settings.get("java_script_enabled", True) else "", **settings))
        return made[-1]

    yield visitor
    for one in made:
        one.context.close()
        # A form that is refused is told with a status that the console repeats.
        told = [text for text in one.complaints if "status of 4" not in text]
        assert told == [], told


def sign_in_url(pool, app, client, **more):
    asked = {
        "client_id": client,
        "redirect_uri": app.callback,
        "response_type": "code",
        "scope": "openid email",
        "state": "a-state",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    return f"{pool.issuer}/oauth2/authorize?{urllib.parse.urlencode(asked)}"


def answer(visitor, app):
    """What the app was told."""
    visitor.page.wait_for_url(f"{app.url}/**")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(visitor.page.url).query))


def test_signing_in_leads_back_with_a_code_and_the_next_app_asks_nothing(visit, pool, app, client):
    pool.person("ana")
    ana = visit()
    ana.page.goto(sign_in_url(pool, app, client))
    assert ana.heading() == "Sign in"
    assert ana.says("to continue to MLflow")
    ana.fill(username="ana", password=PASSWORD)
    told = answer(ana, app)
    assert told["state"] == "a-state" and told["iss"] == pool.issuer and "code" in told

    ana.page.goto(sign_in_url(pool, app, client, prompt="none"))
    assert "code" in answer(ana, app)
    ana.page.goto(sign_in_url(pool, app, client, prompt="login"))
    assert ana.heading() == "Sign in"


def test_cognitos_own_paths_find_the_pool_by_the_client(visit, garita, pool, app, client):
    pool.person("abel")
    abel = visit()
    asked = sign_in_url(pool, app, client).replace(f"/{pool.id}/oauth2/authorize", "/login")
    abel.page.goto(asked)
    abel.fill(username="abel", password=PASSWORD)
    assert "code" in answer(abel, app)
    abel.page.goto(f"{garita.endpoint}/logout?client_id={client}&logout_uri={app.url}/bye")
    abel.page.wait_for_url(f"{app.url}/bye")
    abel.page.goto(sign_in_url(pool, app, client, prompt="none"))
    assert answer(abel, app)["error"] == "login_required"


def test_a_wrong_password_and_an_unknown_name_are_told_alike(visit, pool, app, client):
    pool.person("bea")
    bea, pages = visit(), []
    for name in ("bea", "nobody"):
        bea.page.goto(sign_in_url(pool, app, client))
        bea.fill(username=name, password="Wrong-Horse-9")
        assert bea.page.evaluate("document.activeElement.className") == "summary"
        assert bea.page.title().startswith("Problem: Sign in")
        assert bea.says("User name or password is wrong")
        assert bea.page.input_value("#username") == name and bea.page.input_value("#password") == ""
        pages.append(re.sub(r'value="[^"]*"|flow=[\w-]+', "", bea.page.inner_html("main")))
    assert pages[0] == pages[1]
    bea.fill(username="bea", password=PASSWORD)
    assert "code" in answer(bea, app)


def test_too_many_wrong_passwords_lock_the_name_out(visit, pool, app, client):
    pool.person("beto")
    beto = visit()
    beto.page.goto(sign_in_url(pool, app, client))
    for _ in range(6):
        beto.fill(username="beto", password="Wrong-Horse-9")
    beto.fill(username="beto", password=PASSWORD)
    assert beto.says("Too many wrong tries")


def test_a_password_of_an_administrator_is_replaced_first(visit, pool, app, client):
    pool.person("carla", permanent=False)
    carla = visit()
    carla.page.goto(sign_in_url(pool, app, client))
    carla.fill(username="carla", password=PASSWORD)
    assert carla.heading() == "Choose your own password"
    carla.fill(new_password=NEW_PASSWORD, new_password_again="Another-Horse-9")
    assert carla.says("The two passwords differ")
    carla.fill(new_password="short", new_password_again="short")
    assert carla.says("That password cannot be used: it needs at least")
    carla.fill(new_password=f" {NEW_PASSWORD}", new_password_again=f" {NEW_PASSWORD}")
    assert carla.says("it can neither begin nor end with a space")
    carla.fill(new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert "code" in answer(carla, app)
    again = visit()
    again.page.goto(sign_in_url(pool, app, client))
    again.fill(username="carla", password=NEW_PASSWORD)
    assert "code" in answer(again, app)


def test_a_second_factor_is_set_up_and_then_asked_for(visit, garita, app):
    pool = Pool(garita, "Strict")
    pool.idp.set_user_pool_mfa_config(
        UserPoolId=pool.id, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    client, _ = pool.app_client(app)
    pool.person("dora")
    dora = visit()
    dora.page.goto(sign_in_url(pool, app, client))
    dora.fill(username="dora", password=PASSWORD)
    assert dora.heading() == "Set up your authenticator app"
    seed = dora.page.inner_text("figure code").replace(" ", "")
    dora.fill(code="000000")
    assert dora.says("does not fit the key")
    assert dora.page.inner_text("figure code").replace(" ", "") == seed
    used = one_time_code(seed)
    dora.fill(code=f"{used[:3]} {used[3:]}")
    assert "code" in answer(dora, app)

    again = visit()
    again.page.goto(sign_in_url(pool, app, client))
    again.fill(username="dora", password=PASSWORD)
    assert again.heading() == "Enter your code"
    again.fill(code=used)
    assert again.says("The code is wrong or was used before")
    again.fill(code=one_time_code(seed, time.time() + 30))
    assert "code" in answer(again, app)


def test_signing_out_forgets_the_browser(visit, garita, pool, app, client):
    pool.person("eva")
    eva = visit()
    eva.page.goto(sign_in_url(pool, app, client))
    eva.fill(username="eva", password=PASSWORD)
    answer(eva, app)
    eva.page.goto(f"{pool.issuer}/account")
    assert eva.says("as eva")
    # Any site can send a browser here: without an address the app registered, the person is asked.
    eva.page.goto(f"{pool.issuer}/logout")
    assert eva.heading() == "Sign out?"
    eva.page.click("button")
    assert eva.heading() == "You are signed out"
    eva.page.goto(sign_in_url(pool, app, client, prompt="none"))
    assert answer(eva, app)["error"] == "login_required"
    eva.page.goto(f"{garita.endpoint}/logout?client_id={client}&logout_uri=https://evil.example/")
    assert eva.says("not a sign-out URL")


def test_spanish_by_the_browser_and_by_the_app(visit, pool, app, client):
    pool.person("fede")
    fede = visit(locale="es-MX")
    fede.page.goto(sign_in_url(pool, app, client))
    assert fede.heading() == "Inicia sesión" and fede.page.get_attribute("html", "lang") == "es"
    fede.fill(username="fede", password="Wrong-Horse-9")
    assert fede.says("El nombre de usuario o la contraseña no son correctos")
    other = visit()
    other.page.goto(sign_in_url(pool, app, client, ui_locales="fr es"))
    assert other.heading() == "Inicia sesión"
    other.page.click("text=¿Has olvidado la contraseña?")
    assert other.heading() == "Contraseña olvidada"


def test_without_javascript(visit, pool, app, client):
    pool.person("gala", permanent=False)
    gala = visit(java_script_enabled=False)
    gala.page.goto(sign_in_url(pool, app, client))
    gala.fill(username="gala", password=PASSWORD)
    gala.fill(new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
    assert "code" in answer(gala, app)


def test_by_keyboard_alone(visit, pool, app, client):
    pool.person("hugo")
    hugo = visit()
    hugo.page.goto(sign_in_url(pool, app, client, login_hint="hugo"))
    keys = hugo.page.keyboard
    assert hugo.page.evaluate("document.activeElement.id") == "password"
    keys.type(PASSWORD)
    keys.press("Tab")
    assert hugo.page.evaluate("document.activeElement.type") == "submit"
    keys.press("Enter")
    assert "code" in answer(hugo, app)


def test_consent_when_it_is_asked_for(visit, pool, app, client):
    pool.person("ines")
    ines = visit()
    ines.page.goto(sign_in_url(pool, app, client, prompt="consent"))
    ines.fill(username="ines", password=PASSWORD)
    assert ines.heading() == "Allow MLflow?" and ines.says("see your e-mail address")
    ines.page.click("text=Do not allow")
    assert answer(ines, app)["error"] == "access_denied"
    ines.page.goto(sign_in_url(pool, app, client, prompt="consent"))
    ines.page.click("button.main")
    assert "code" in answer(ines, app)


def test_a_forgotten_password_tells_nothing_of_who_is_there(visit, pool, app, client):
    pool.person("juan")
    juan, pages = visit(), []
    for name in ("juan", "nobody"):
        juan.page.goto(sign_in_url(pool, app, client))
        juan.page.click("text=Forgotten password?")
        assert juan.heading() == "Forgotten password"
        juan.fill(username=name)
        assert juan.heading() == "Set a new password"
        juan.fill(code="123456", new_password=NEW_PASSWORD, new_password_again=NEW_PASSWORD)
        assert juan.says("The code is wrong")
        pages.append(re.sub(r'value="[^"]*"|flow=[\w-]+', "", juan.page.inner_html("main")))
    assert pages[0] == pages[1]


def test_errors_help(visit, garita, pool, app, client):
    somebody = visit()
    for url, says in (
        (sign_in_url(pool, app, "unknown"), "The app is not known here"),
        (sign_in_url(pool, app, client, redirect_uri=f"{app.url}/elsewhere"), "is not one the app has registered"),
        (f"{pool.issuer}/sign-in", "This page has run out"),
        (f"{pool.issuer}/sign-in?flow=made-up", "This page has run out"),
        (f"{pool.issuer}/account", "You are not signed in"),
    ):
        somebody.page.goto(url)
        assert somebody.says(says), url
    somebody.page.goto(sign_in_url(pool, app, client, response_type="token"))
    told = answer(somebody, app)
    assert (told["error"], told["state"], told["iss"]) == ("unsupported_response_type", "a-state", pool.issuer)
    assert requests.get(f"{pool.issuer}/nothing").status_code in (400, 404)


def test_what_every_page_tells_browsers(pool, app, client):
    found = requests.get(sign_in_url(pool, app, client), allow_redirects=False)
    assert found.status_code == 303
    cookie = found.headers["set-cookie"]
    assert cookie.startswith("__Host-garita-browser=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    page = requests.get(pool.garita.endpoint + found.headers["location"], headers={"cookie": cookie.split(";")[0]})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert f"form-action 'self' {app.url};" in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    style = re.search(r'href="(/assets/garita-[\w-]+\.css)"', page.text).group(1)
    kept = requests.get(pool.garita.endpoint + style)
    assert kept.status_code == 200 and "immutable" in kept.headers["cache-control"]


@contextlib.contextmanager
def form_of(pool, app, client):
    """A sign-in form as a program sees it: where it goes, its hidden field, and its cookie."""
    session = requests.Session()
    found = session.get(sign_in_url(pool, app, client), allow_redirects=False)
    cookie = found.headers["set-cookie"].split(";")[0]
    flow = urllib.parse.parse_qs(urllib.parse.urlsplit(found.headers["location"]).query)["flow"][0]
    yield f"{pool.issuer}/sign-in", flow, cookie
    session.close()


def test_forms_of_other_sites_and_browsers_are_refused(pool, app, client):
    pool.person("kiko")
    own = pool.garita.endpoint
    with form_of(pool, app, client) as (url, flow, cookie), form_of(pool, app, client) as (_, foreign, _):
        form = {"username": "kiko", "password": PASSWORD}

        def send(flow=flow, cookie=cookie, **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items() if value}
            headers |= {"cookie": cookie} if cookie else {}
            return requests.post(url, {**form, "flow": flow}, headers=headers, allow_redirects=False)

        for refused, status in (
            (send(), 403),
            (send(origin="https://evil.example"), 403),
            (send(origin="null"), 403),
            (send(sec_fetch_site="cross-site"), 403),
            (send(origin=own, cookie=None), 400),
            (send(origin=own, cookie="__Host-garita-browser=" + "A" * 43), 400),
            (send(origin=own, flow=foreign), 400),
            (send(origin=own, flow=flow[:-4] + "AAAA"), 400),
        ):
            assert refused.status_code == status and "set-cookie" not in refused.headers, refused.text
        done = send(origin=own)
        assert done.status_code == 303 and done.headers["location"].startswith(app.callback)
        session = next(c for c in done.headers["set-cookie"].split(", ") if pool.id in c)
        # A new cookie each time: one that somebody else put there is never taken over.
        planted = f"__Host-garita-{pool.id}={'B' * 43}"
        again = send(origin=own, cookie=f"{cookie}; {planted}")
        fresh = next(c for c in again.headers["set-cookie"].split(", ") if pool.id in c)
        assert "B" * 43 not in fresh and fresh != session


def test_forms_are_bounded_and_strict(pool, app, client):
    with form_of(pool, app, client) as (url, flow, cookie):
        headers = {"origin": pool.garita.endpoint, "cookie": cookie, "content-type": "application/x-www-form-urlencoded"}
        for body, status in (
            (f"flow={flow}&username=a&username=b&password=c", 400),
            (f"flow={flow}&username=%zz&password=c", 400),
            (f"flow={flow}&username={'a' * 20_000}&password=c", 413),
        ):
            assert requests.post(url, body, headers=headers).status_code == status, body[-60:]
        headers["content-type"] = "text/plain"
        assert requests.post(url, f"flow={flow}", headers=headers).status_code == 415


def test_every_sign_in_has_its_records(visit, garita, pool, app, client):
    pool.person("luz")
    luz = visit()
    luz.page.goto(sign_in_url(pool, app, client))
    luz.fill(username="luz", password="Wrong-Horse-9")
    luz.fill(username="luz", password=PASSWORD)
    answer(luz, app)
    trail = garita.audit()
    own = [record for record in trail if record["eventName"] in ("Login_POST", "Authorize_GET", "Login_GET")]
    assert own[-1]["eventName"] == "Login_POST" and "errorCode" not in own[-1]
    assert own[-2]["eventName"] == "Login_POST" and own[-2]["errorCode"] == "NotAuthorizedException"
    assert own[-1]["additionalEventData"]["userPoolId"] == pool.id
    assert PASSWORD not in str(trail) and "Wrong-Horse-9" not in str(trail)
