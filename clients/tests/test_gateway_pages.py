"""The gateway's own pages in Chromium: in the reader's language, in light and dark, held to an accessibility checker."""

import re

import pytest
import requests
from platform_under_test import API_ID, STAGE
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
        "front": "What do you want to open?",
        "none": "There is nothing here that you may open.",
        "first": "To the first page",
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
        "front": "¿Qué quieres abrir?",
        "none": "Aquí no hay nada que puedas abrir.",
        "first": "Ir a la primera página",
    },
}


class TwoStages(Stage):
    """A gateway with two stages in front of the same MLflow. The roles' policies are for the first."""

    def configuration(self):
        again = re.search(r"\[\[api\]\].*", super().configuration(), re.DOTALL).group()
        return super().configuration() + again.replace(f'"{API_ID}"', '"second0001"').replace(f'"{STAGE}"', '"dev"')


@pytest.fixture(scope="module")
def stages():
    with TwoStages().running() as running:
        running.open_door(f"{running.gateway_base}/dev/garita/callback")
        yield running


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


def arrived(stage):
    """Whether an address is of a stage's first page, with what MLflow's own scripts put behind it."""
    return re.compile(f"{re.escape(stage)}/(#.*)?$")


def test_a_gateways_address_leads_people_to_its_stage_and_programs_nowhere(reader, stage):
    page, words = reader.page, WORDS[reader.locale]
    page.goto(stage.gateway_base)
    page.fill("#username", "bruno")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(arrived(stage.gateway))
    page.goto(f"{stage.gateway_base}/prd/")
    assert reader.look("no-stage") == words["unknown"]
    page.click(f"text={words['first']}")
    page.wait_for_url(arrived(stage.gateway))
    for headers in (
        {},
        {"Accept": "application/json"},
        {"Accept": "text/html", "Authorization": "Bearer x"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors"},
    ):
        for path in ("/", "/prd/"):
            sent = requests.get(f"{stage.gateway_base}{path}", headers=headers, allow_redirects=False)
            assert (sent.status_code, sent.json()["message"]) == (403, "Missing Authentication Token"), headers
    sent = requests.get(f"{stage.gateway_base}/?x=1", headers={"Accept": "text/html"})
    assert sent.status_code == 403 and sent.headers["content-type"] == "application/json"
    assert requests.post(f"{stage.gateway_base}/", headers={"Accept": "text/html"}).status_code == 403


def test_a_gateway_with_several_stages_asks_which_and_offers_what_may_be_opened(reader, stages):
    page, words = reader.page, WORDS[reader.locale]
    page.goto(stages.gateway_base)
    assert reader.look("front") == words["front"]
    offered = lambda: page.locator("a.button").all_inner_texts()  # noqa: E731
    assert offered() == ["MLflow: prod", "MLflow: dev"]
    for stage in ("prod", "dev"):
        page.goto(stages.gateway_base)
        page.click(f"text=MLflow: {stage}")
        if stage == "prod":
            page.fill("#username", "bruno")
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
        page.wait_for_url(arrived(f"{stages.gateway_base}/{stage}"))
    page.goto(stages.gateway_base)
    assert offered() == ["MLflow: prod"], "what may not be opened is not offered"
    reader.context.clear_cookies(name=f"__Host-garita-stage-{API_ID}")
    page.reload()
    assert offered() == ["MLflow: prod"]
    sent = requests.get(stages.gateway_base, headers={"Accept": "text/html"})
    for name, said in (("content-security-policy", "frame-ancestors 'none'"), ("cache-control", "no-store")):
        assert said in sent.headers[name]
