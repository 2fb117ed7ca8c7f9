//! What the sign-in pages and the OIDC provider are asked: each path with each method that it takes.

use super::Row;
use super::doors::{Browser, Reply, SITE, encoded};
use super::state::Thing::{
    self, Client, Code, Enabled, Errand, Former, Key, Link, OneFactor, Password, PasswordCode, Pool,
    Provider, Settled, Try, User, Vouched,
};
use super::world::{BACK, LEFT, PASSWORD, VERIFIER, Waiting, World};

const OTHER: &str = "Tell-nobody-3";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Rests on a browser's session.
macro_rules! signed_in {
    ($name:literal) => {
        Row::new($name, "", &[Pool, Client, User, Enabled, Former, OneFactor])
    };
}
/// Rests on a password or passkey of a moment ago.
macro_rules! challenged {
    ($name:literal) => {
        Row::new($name, "", &[Pool, Client, User, Enabled, Settled, Former])
    };
}

pub(super) const ROWS: &[Row<Thing>] = &[
    signed_in!("GET /oauth2/authorize"),
    signed_in!("POST /oauth2/authorize"),
    signed_in!("GET /login"),
    signed_in!("POST /login"),
    Row::new("POST /oauth2/token", "refresh_token", &[Pool, Client, User, Enabled, Former, OneFactor]),
    Row::new("GET /oauth2/userInfo", "", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /oauth2/userInfo", "", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /oauth2/revoke", "", &[Pool, Client]),
    Row::new("GET /logout", "", &[Pool, Client]),
    Row::new("POST /logout", "", &[Pool, Client]),
    Row::new("GET /{pool}/.well-known/openid-configuration", "", &[Pool]),
    Row::new("GET /{pool}/.well-known/jwks.json", "", &[Pool]),
    signed_in!("GET /{pool}/oauth2/authorize"),
    Row::new(
        "GET /{pool}/oauth2/authorize",
        "by whom a provider vouched for",
        &[Pool, Client, User, Enabled, Vouched, OneFactor, Provider],
    ),
    signed_in!("POST /{pool}/oauth2/authorize"),
    Row::new(
        "POST /{pool}/oauth2/token",
        "authorization_code",
        &[Pool, Client, User, Enabled, Former, OneFactor],
    ),
    Row::new("POST /{pool}/oauth2/token", "refresh_token", &[Pool, Client, User, Enabled, Former, OneFactor]),
    Row::new(
        "POST /{pool}/oauth2/token",
        "refresh_token of whom a provider vouched for",
        &[Pool, Client, User, Enabled, Vouched, OneFactor],
    ),
    Row::new("POST /{pool}/oauth2/token", "device_code", &[Pool, Client, User, Enabled, Former, OneFactor]),
    Row::new("POST /{pool}/oauth2/token", "client_credentials", &[Pool, Client]),
    Row::new("GET /{pool}/oauth2/userInfo", "", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /{pool}/oauth2/userInfo", "", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /{pool}/oauth2/revoke", "", &[Pool, Client]),
    Row::new("POST /{pool}/oauth2/introspect", "access token", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /{pool}/oauth2/introspect", "id token", &[Pool, Client, User, Enabled, Former, Key]),
    Row::new("POST /{pool}/oauth2/introspect", "refresh token", &[Pool, Client, User, Enabled, Former]),
    Row::new("POST /{pool}/oauth2/device_authorization", "", &[Pool, Client]),
    Row::new("GET /{pool}/logout", "", &[Pool, Client]),
    Row::new("GET /{pool}/logout", "id_token_hint", &[Pool, Client, Key]),
    Row::new("POST /{pool}/logout", "", &[Pool, Client]),
    Row::new("GET /{pool}/oauth2/idpresponse", "a state of nobody", &[Pool]),
    // Somebody who is not there any more is somebody new.
    Row::new(
        "GET /{pool}/oauth2/idpresponse",
        "whom a provider vouches for",
        &[Pool, Client, Enabled, OneFactor, Provider, Errand, Link],
    ),
    Row::new("GET /{pool}/sign-in", "", &[Pool, Client]),
    Row::new("POST /{pool}/sign-in", "", &[Pool, Client, User, Enabled, Settled, Password, Try, OneFactor]),
    Row::new("GET /{pool}/code", "", &[Pool]),
    challenged!("POST /{pool}/code"),
    Row::new("GET /{pool}/authenticator", "", &[Pool]),
    challenged!("POST /{pool}/authenticator"),
    Row::new("GET /{pool}/new-password", "", &[Pool]),
    Row::new("POST /{pool}/new-password", "", &[Pool, Client, User, Enabled, Settled, Former, OneFactor]),
    Row::new("GET /{pool}/forgot", "", &[Pool]),
    Row::new("POST /{pool}/forgot", "", &[Pool, Client]),
    Row::new("GET /{pool}/reset", "", &[Pool]),
    Row::new("POST /{pool}/reset", "", &[Pool, Client, User, Enabled, PasswordCode]),
    Row::new("GET /{pool}/sign-up", "", &[Pool]),
    Row::new("POST /{pool}/sign-up", "", &[Pool, Client]),
    Row::new("GET /{pool}/confirm", "", &[Pool]),
    Row::new("POST /{pool}/confirm", "", &[Pool, Client, User, Enabled, Code]),
    Row::new("GET /{pool}/resend", "", &[Pool, Client]),
    signed_in!("GET /{pool}/consent"),
    signed_in!("POST /{pool}/consent"),
    Row::new("GET /{pool}/device", "", &[Pool]),
    // Leads on to a page that asks, which there is none of without its client.
    Row::new("POST /{pool}/device", "", &[Pool, User, Enabled, Former, OneFactor]),
    signed_in!("GET /{pool}/device-consent"),
    signed_in!("POST /{pool}/device-consent"),
    // The browser is signed in at the pool, whichever app it came by.
    Row::new("GET /{pool}/account", "", &[Pool, User, Enabled, Former, OneFactor]),
    Row::new("POST /{pool}/sign-out", "", &[Pool]),
    Row::new("GET /{pool}/provider", "of no name that is known", &[Pool, Client]),
    Row::new("GET /{pool}/provider", "of the pool", &[Pool, Client, Provider]),
    challenged!("GET /{pool}/passkey"),
    challenged!("POST /{pool}/passkey"),
    Row::new("POST /{pool}/passkey-sign-in", "", &[Pool, Client, User, Enabled, Settled, OneFactor]),
    Row::new("GET /{pool}/recovery-code", "", &[Pool]),
    challenged!("POST /{pool}/recovery-code"),
    challenged!("GET /{pool}/another-way"),
    signed_in!("POST /{pool}/add-passkey"),
    Row::new("POST /{pool}/keep-passkey", "", &[Pool, Client, User, Enabled, Former]),
    signed_in!("POST /{pool}/remove-passkey"),
    signed_in!("POST /{pool}/set-up-app"),
    signed_in!("POST /{pool}/keep-app"),
    Row::new("POST /{pool}/remove-app", "", &[Pool, Client, User, Enabled, Former]),
    Row::new("POST /{pool}/make-codes", "", &[Pool, Client, User, Enabled, Former]),
];

pub(super) async fn ask(world: &World, row: &Row<Thing>) -> String {
    let (method, path) = row.endpoint.split_once(' ').unwrap();
    let path = path.replace("{pool}", &world.pool);
    let last = path.rsplit('/').next().unwrap();
    let reply = match last {
        "authorize" | "login" => {
            let of_provider = row.variant == "by whom a provider vouched for";
            let browser = if of_provider { &world.vouched_browser } else { &world.browser };
            authorize(world, browser, method, &path).await
        }
        "token" => token(world, &path, row.variant).await,
        "userInfo" => world.doors.bearer(method, &path, &world.granted.access).await,
        "revoke" => of_client(world, &path, &[("token", &world.granted.refresh)]).await,
        "introspect" => {
            let token = match row.variant {
                "access token" => &world.granted.access,
                "id token" => &world.granted.id,
                _ => &world.granted.refresh,
            };
            of_client(world, &path, &[("token", token)]).await
        }
        "device_authorization" => of_client(world, &path, &[]).await,
        "logout" => {
            let who = match row.variant {
                "id_token_hint" => ("id_token_hint", world.granted.id.as_str()),
                _ => ("client_id", world.app.id.as_str()),
            };
            by(world, &world.browser, method, &path, &[who, ("post_logout_redirect_uri", LEFT)]).await
        }
        "openid-configuration" | "jwks.json" => world.doors.get(&mut Browser::default(), &path).await,
        "idpresponse" if row.variant == "whom a provider vouches for" => {
            let (mut browser, target) = world.steps["idpresponse"].clone();
            world.doors.get(&mut browser, &target).await
        }
        "idpresponse" => by(world, &world.browser, method, &path, &[("state", "x"), ("code", "x")]).await,
        page => at_page(world, method, &path, (page, row.variant)).await,
    };
    told(world, &reply)
}

/// Asks with a browser.
async fn by(world: &World, with: &Browser, method: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let mut browser = with.clone();
    match method {
        "GET" => world.doors.get(&mut browser, &format!("{path}?{}", encoded(fields))).await,
        _ => world.doors.post(&mut browser, path, fields).await,
    }
}

async fn authorize(world: &World, browser: &Browser, method: &str, path: &str) -> Reply {
    let asked = world.asking(&world.app.id, &[]);
    let (_, query) = asked.split_once('?').unwrap();
    let fields: Vec<(String, String)> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%2F", "/")))
        .collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    by(world, browser, method, path, &fields).await
}

async fn of_client(world: &World, path: &str, fields: &[(&str, &str)]) -> Reply {
    world.doors.post(&mut Browser::default(), path, &world.app.with(fields)).await
}

async fn token(world: &World, path: &str, grant: &str) -> Reply {
    let fields = match grant {
        "authorization_code" => vec![
            ("grant_type", grant),
            ("code", world.code.as_str()),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ],
        "refresh_token" => vec![("grant_type", grant), ("refresh_token", world.granted.refresh.as_str())],
        "refresh_token of whom a provider vouched for" => {
            vec![("grant_type", "refresh_token"), ("refresh_token", world.vouched.refresh.as_str())]
        }
        "device_code" => vec![("grant_type", DEVICE), ("device_code", world.device.as_str())],
        _ => {
            let fields = world.job.with(&[("grant_type", grant)]);
            return world.doors.post(&mut Browser::default(), path, &fields).await;
        }
    };
    of_client(world, path, &fields).await
}

/// A page, or the form of one, at the step that waits for it.
async fn at_page(world: &World, method: &str, path: &str, (page, variant): (&str, &str)) -> Reply {
    let (mut browser, flow) = step(world, page).clone();
    if page == "account" || (page == "device" && method == "GET") {
        return world.doors.get(&mut browser, path).await;
    }
    let mut fields = vec![("flow", flow)];
    let more = if method == "POST" { form(world, page) } else { query(page, variant) };
    fields.extend(more);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match method {
        "GET" => world.doors.get(&mut browser, &format!("{path}?{}", encoded(&fields))).await,
        _ => world.doors.post(&mut browser, path, &fields).await,
    }
}

fn step<'a>(world: &'a World, page: &str) -> &'a Waiting {
    &world.steps[match page {
        "forgot" | "sign-up" | "provider" => "sign-in",
        "resend" => "confirm",
        "another-way" => "code",
        "sign-out" | "add-passkey" | "remove-passkey" | "set-up-app" => "account",
        "remove-app" | "make-codes" => "mia's account",
        page => page,
    }]
}

fn query(page: &str, variant: &str) -> Vec<(&'static str, String)> {
    match page {
        "another-way" => vec![("way", "passkey".to_owned())],
        "provider" => {
            let name = if variant == "of the pool" { "Corp" } else { "Nobody" };
            vec![("name", name.to_owned())]
        }
        _ => Vec::new(),
    }
}

fn form(world: &World, page: &str) -> Vec<(&'static str, String)> {
    let text = |pairs: &[(&'static str, &str)]| {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    let twice = [("new-password", OTHER), ("new-password-again", OTHER)];
    let app = |whose: &str| world.one_time(&world.secrets[whose]);
    match page {
        "sign-in" => text(&[("username", "ana"), ("password", PASSWORD)]),
        "code" => text(&[("code", &app("mia's app"))]),
        "authenticator" => text(&[("code", &app("sid's app at the page"))]),
        "keep-app" => text(&[("code", &app("ana's app at the page"))]),
        "new-password" => text(&twice),
        "forgot" => text(&[("username", "mia")]),
        "reset" => text(&[&[("code", world.secrets["code for a password"].as_str())], &twice[..]].concat()),
        "sign-up" => text(&[&[("username", "max"), ("email", "max@example.com")], &twice[..]].concat()),
        "confirm" => text(&[("code", &world.secrets["code for a sign-up"])]),
        "consent" | "device-consent" => text(&[("answer", "allow")]),
        "device" => text(&[("user-code", &world.shown)]),
        "passkey" => {
            // The page shows what to sign.
            let credential = world.sign("mia", &world.options["second factor at the page"]);
            text(&[("credential", &credential.to_string())])
        }
        "passkey-sign-in" => {
            let credential = world.sign("ana", &world.options["sign in at the page"]);
            text(&[("credential", &credential.to_string())])
        }
        "keep-passkey" => {
            let made = world.new_passkey("make at the page").to_string();
            text(&[("credential", &made), ("name", "other")])
        }
        "remove-passkey" => text(&[("id", &world.passkey_id("ana"))]),
        "recovery-code" => text(&[("recovery-code", &world.secrets["mia's recovery code"])]),
        _ => Vec::new(),
    }
}

fn told(world: &World, reply: &Reply) -> String {
    said(reply, &format!("/{}", world.pool))
}

/// What a reply says, without what is drawn for each, nor the folder that pages are in.
pub(super) fn said(reply: &Reply, folder: &str) -> String {
    let status = reply.status;
    if let Some(to) = &reply.location {
        let bare = to.split('?').next().unwrap_or_default();
        let bare = bare.strip_prefix(SITE).unwrap_or(bare).replace(folder, "");
        let with = ["code", "error", "done"].into_iter().find_map(|name| {
            let (_, value) = to.split_once(&format!("{name}="))?;
            let value = value.split('&').next().unwrap_or_default();
            Some(if name == "code" { " with a code".to_owned() } else { format!(" with {name}={value}") })
        });
        return format!("{status} to {bare}{}", with.unwrap_or_default());
    }
    let body = reply.json();
    if let Some(error) = body["error"].as_str() {
        return format!("{status} {error}: {}", body["error_description"].as_str().unwrap_or_default());
    }
    let is_there = |name: &str| body.get(name).is_some();
    let what = match () {
        () if is_there("access_token") => "tokens".to_owned(),
        () if is_there("active") => format!("active: {}", body["active"]),
        () if is_there("device_code") => "codes".to_owned(),
        () if is_there("SigninToken") => "token".to_owned(),
        () if is_there("message") => body["message"].as_str().unwrap_or_default().to_owned(),
        () if is_there("keys") => "keys".to_owned(),
        () if is_there("issuer") => "configuration".to_owned(),
        () if is_there("sub") => format!("claims of {}", body["username"].as_str().unwrap_or_default()),
        () => {
            let head = reply.between("<h1>", "</h1>").unwrap_or_default();
            let wrong =
                reply.between("class=\"wrong\">", "<").or_else(|| reply.between("</h2>\n<p>", "</p>"));
            wrong.map_or_else(|| head.to_owned(), |wrong| format!("{head} ({wrong})"))
        }
    };
    format!("{status} {what}").trim().to_owned()
}
