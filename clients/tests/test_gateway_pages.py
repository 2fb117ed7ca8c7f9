"""The gateway's own pages in Chromium: in the reader's language, in light and dark, held to an accessibility checker."""

import re

import pytest
import requests
from test_gateway_tokens import PASSWORD
from test_ui import SHOTS, Stage

WORDS = {
    "en-GB": {
        "refused": "Not allowed",
        "unknown": "This page cannot be shown",
        "account link": "Your account",
        "account": "Your account",
        "name": "Signed in as",
        "out": "Sign out",
        "signed out": "You are signed out",
        "going": "Signing in",
    },
    "es-ES": {
        "refused": "No está permitido",
        "unknown": "Esta página no se puede mostrar",
        "account link": "Tu cuenta",
        "account": "Tu cuenta",
        "name": "Sesión iniciada como",
        "out": "Cerrar sesión",
        "signed out": "Has cerrado sesión",
        "going": "Iniciando sesión",
    },
}


@pytest.fixture(scope="module")
def stage():
    with Stage().running() as running:
        yield running


class Reader:
    """Somebody with a browser, who holds every page that they look at to the checker."""

    def __init__(self, chromium, axe, locale):
        self.context = chromium.new_context(locale=locale, viewport={"width": 900, "height": 700})
        self.page, self.axe, self.locale = self.context.new_page(), axe, locale

    def look(self, name):
        """The heading of the page."""
        language = self.locale[:2]
        assert self.page.get_attribute("html", "lang") == language
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.evaluate(f"async () => {{ {self.axe}; return (await axe.run(document)).violations }}")
            assert found == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
            if SHOTS:
                self.page.screenshot(path=f"{SHOTS}/gateway-{name}-{language}-{scheme}.png")
        heading = self.page.inner_text("h1")
        assert self.page.title() == f"{heading} · Garita"
        return heading


@pytest.fixture(params=WORDS)
def reader(request, chromium, axe):
    made = Reader(chromium, axe, request.param)
    yield made
    made.context.close()


def test_the_pages_speak_the_readers_language_and_are_sound(reader, stage):
    words, page = WORDS[reader.locale], reader.page
    # From the sign-in pages, in the same language, to a refusal: there is no role for nemo.
    page.goto(f"{stage.gateway}/")
    page.wait_for_selector("#username")
    assert page.get_attribute("html", "lang") == reader.locale[:2]
    page.fill("#username", "nemo")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#message")
    assert reader.look("refused") == words["refused"]
    message = page.locator("#message")
    # The reason is the API's own, and marked as English.
    assert "you have no role here" in message.inner_text() and message.get_attribute("lang") == "en"
    page.click(f"text={words['account link']}")
    assert reader.look("account") == words["account"]
    assert page.inner_text("dt") == words["name"] and page.inner_text("#name") == "nemo"
    assert page.locator("#why").get_attribute("lang") == "en"
    page.get_by_role("button", name=words["out"], exact=True).click()
    assert reader.look("signed-out") == words["signed out"]


def test_the_account_of_somebody_with_a_role_is_sound(reader, stage):
    page = reader.page
    page.goto(f"{stage.gateway}/garita/account")
    page.fill("#username", "bruno")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#role")
    words = WORDS[reader.locale]
    assert reader.look("account-role") == words["account"]
    # On to the account at the pool, where passkeys and authenticator apps are.
    page.click("#at-pool")
    page.wait_for_url(f"{stage.endpoint}/{stage.pool}/account")
    assert page.inner_text("h1") == words["account"]
    page.goto(f"{stage.gateway}/garita/nowhere")
    assert reader.look("unknown") == words["unknown"]


def test_the_page_on_the_way_is_sound_without_scripts(reader, stage):
    accepted = {"Accept": "text/html", "Accept-Language": f"{reader.locale},fr;q=0.5"}
    sent = requests.get(f"{stage.gateway}/", headers=accepted)
    assert sent.status_code == 200 and "script-src 'sha256-" in sent.headers["content-security-policy"]
    # As a browser shows it that runs no scripts, and has not gone on yet.
    reader.page.set_content(re.sub(r"<noscript>.*?</noscript>|<script>.*?</script>", "", sent.text, flags=re.S))
    assert reader.look("going") == WORDS[reader.locale]["going"]
    assert reader.page.get_attribute("#on", "href").startswith("/prod/garita/sign-in?to=")


def test_other_languages_and_none_are_answered_in_english(stage):
    for asked in ("fr", "", "*", "es;q=0", "x" * 3000):
        sent = requests.get(f"{stage.gateway}/", headers={"Accept": "text/html", "Accept-Language": asked})
        assert sent.status_code == 200 and '<html lang="en">' in sent.text, asked
