//! What is sealed or signed here and carried by strangers: session tokens, sessions of challenges, refresh tokens, markers
//! of lists, states between pages. Each is taken as it was made and where it belongs. No other text is, whatever it is;
//! nor is the same one with one letter changed, cut, or longer, or in another's place.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use garita_app::iam::{CreateUser, PageRequest};
use garita_app::user_pool::{
    ChallengeAnswer, ChallengeName, ClientSettings, CreatePoolUser, NewPool, SetPoolPassword, SignIn, SignInFlow,
    SignedIn,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::{AuthFlow, ClientId};
use garita_model::{Clock as _, Secret};
use garita_testkit::{TestCredentials, TestGarita};
use garita_web::flow::{self, Flow, Goal};
use http::HeaderMap;
use http::header::COOKIE;
use jiff::SignedDuration;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const PASSWORD: &str = "Tell-nobody-1";
const PAGES: &str = "eu-west-1_Team";
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Where a text is brought to: where it belongs, or to the like of somebody else.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Own,
    Others,
}

type Takes = fn(&World, &str, Place) -> bool;

struct World {
    garita: TestGarita,
    root: RequestContext,
    clients: [ClientId; 2],
    /// Each with the cookie of the state between pages.
    browsers: [HeaderMap; 2],
    /// Credentials of sessions; their tokens are beside the point.
    sessions: [TestCredentials; 2],
    runtime: Runtime,
}

static HELD: LazyLock<(World, Vec<(String, Takes)>)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (garita, clients, session, refresh) = runtime.block_on(people());
    let root = garita.as_root();
    let now = garita.clock.now();
    let own = || TestCredentials::from(&garita.app.get_session_token(&root, None).expect("a session"));
    let sessions = [own(), own()];
    let first = PageRequest { marker: None, max_items: Some(1) };
    let marker = garita.app.list_users(&root, None, &first).expect("a list").marker.expect("two users");
    let state = garita.app.seal("a purpose", &("state", 7), now, LIFE).expect("it is small");
    let (one, flow) = browser(&garita.app);
    let sealed = flow.seal(&garita.app, PAGES, now).expect("it is small").sealed;
    let browsers = [one, browser(&garita.app).0];
    // What is open stays open, and nothing is left behind.
    std::fs::remove_dir_all(garita.folder()).expect("a folder");
    let token = sessions[0].token.clone().expect("a session has one");
    let texts: [(String, Takes); 6] = [
        (token, session_token),
        (session, challenge),
        (refresh, refresh_token),
        (marker, page),
        (state, continuation),
        (sealed, between_pages),
    ];
    let world = World { garita, root, clients, browsers, sessions, runtime };
    for (at, (good, takes)) in texts.iter().enumerate() {
        assert!(takes(&world, good, Place::Own) && !takes(&world, good, Place::Others), "text {at}");
    }
    (world, texts.into())
});

/// A Garita with two users and a pool with two clients; the session of a challenge and a refresh token of the first.
async fn people() -> (TestGarita, [ClientId; 2], String, String) {
    let garita = TestGarita::new().await;
    let (app, root) = (&garita.app, garita.as_root());
    for name in ["ana", "bob"] {
        let (name, path) = (name.parse().expect("a name"), garita_model::Path::default());
        app.create_user(&root, CreateUser { name, path, boundary: None, tags: Vec::new() }).await.expect("a user");
    }
    let new = NewPool { name: "people".to_owned(), ..NewPool::default() };
    let pool = app.create_user_pool(&root, new).await.expect("a pool").pool.id.clone();
    let mut clients = Vec::new();
    for name in ["one", "two"] {
        let flows = BTreeSet::from([AuthFlow::UserPassword, AuthFlow::User, AuthFlow::RefreshToken]);
        let settings =
            ClientSettings { name: Some(name.to_owned()), flows: Some(flows), ..ClientSettings::default() };
        let made = app.create_pool_client(&root, pool.clone(), settings, false).await.expect("a client");
        clients.push(made.client.id.clone());
    }
    let clients: [ClientId; 2] = clients.try_into().expect("two");
    let user = CreatePoolUser {
        pool: pool.clone(),
        username: "ana".to_owned(),
        attributes: Vec::new(),
        temporary_password: Some(Secret::new(PASSWORD.to_owned())),
        force_alias: false,
        resend: false,
        suppress: true,
    };
    app.admin_create_pool_user(&root, user).await.expect("a person");
    let password = Secret::new(PASSWORD.to_owned());
    let keep = SetPoolPassword { pool, username: "ana".to_owned(), password, permanent: true };
    app.admin_set_pool_password(&root, keep).await.expect("a password");
    let by_name = [("USERNAME", "ana"), ("PASSWORD", PASSWORD)];
    let SignedIn::Challenge(asked) = begin(app, &clients[0], SignInFlow::User, &by_name[..1]).await.expect("a choice")
    else {
        panic!("nothing is asked")
    };
    let SignedIn::Tokens(given) = begin(app, &clients[0], SignInFlow::UserPassword, &by_name).await.expect("tokens")
    else {
        panic!("something more is asked")
    };
    let refresh = given.refresh.expect("a refresh token").expose().clone();
    (garita, clients, asked.session.expect("a session"), refresh)
}

/// A request that nobody signed.
fn unsigned(app: &App) -> RequestContext {
    app.nobody(app.arrive([127, 0, 0, 1].into(), true, None).expect("there is randomness"))
}

async fn begin(
    app: &Arc<App>,
    client: &ClientId,
    flow: SignInFlow,
    parameters: &[(&str, &str)],
) -> garita_model::Result<SignedIn> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    app.initiate_auth(&unsigned(app), SignIn { client: client.clone(), flow, parameters }).await
}

/// A browser's cookie, and a state of its pages.
fn browser(app: &App) -> (HeaderMap, Flow) {
    let browser = flow::browser_of(&HeaderMap::new(), app.entropy()).expect("there is randomness");
    let line = browser.cookie().expect("it is new");
    let pair = line.to_str().expect("ASCII").split(';').next().expect("a pair").parse().expect("a value");
    (HeaderMap::from_iter([(COOKIE, pair)]), Flow::begin(&browser, Goal::Account, None))
}

fn session_token(world: &World, text: &str, place: Place) -> bool {
    // What the HTTP library lets through.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return false;
    }
    let held = &world.sessions[usize::from(place == Place::Others)];
    world.garita.context(&TestCredentials { token: Some(text.to_owned()), ..held.clone() }).is_ok()
}

fn challenge(world: &World, text: &str, place: Place) -> bool {
    let app = &world.garita.app;
    let answer = ChallengeAnswer {
        client: world.clients[usize::from(place == Place::Others)].clone(),
        name: ChallengeName::SelectChallenge,
        session: Some(text.to_owned()),
        responses: BTreeMap::new(),
    };
    // Without an answer nobody is let in, but what is wrong is another thing then.
    match world.runtime.block_on(app.respond_to_auth_challenge(&unsigned(app), answer)) {
        Ok(_) => panic!("nothing was answered"),
        Err(error) => !error.to_string().contains("Invalid session"),
    }
}

fn refresh_token(world: &World, text: &str, place: Place) -> bool {
    let client = &world.clients[usize::from(place == Place::Others)];
    let shown = [("REFRESH_TOKEN", text)];
    world.runtime.block_on(begin(&world.garita.app, client, SignInFlow::RefreshToken, &shown)).is_ok()
}

fn page(world: &World, text: &str, place: Place) -> bool {
    let (app, root) = (&world.garita.app, &world.root);
    let next = PageRequest { marker: Some(text.to_owned()), max_items: Some(1) };
    match place {
        Place::Own => app.list_users(root, None, &next).is_ok(),
        Place::Others => {
            app.list_users(root, Some("/other/"), &next).is_ok() || app.list_groups(root, None, &next).is_ok()
        }
    }
}

fn continuation(world: &World, text: &str, place: Place) -> bool {
    let purpose = if place == Place::Own { "a purpose" } else { "another" };
    let state: Option<(String, u8)> = world.garita.app.unseal(purpose, text, world.garita.clock.now());
    state.is_some_and(|state| state == ("state".to_owned(), 7))
}

fn between_pages(world: &World, text: &str, place: Place) -> bool {
    let (app, now, [own, other]) = (&world.garita.app, world.garita.clock.now(), &world.browsers);
    match place {
        Place::Own => Flow::open(app, PAGES, text, own, now).is_some(),
        Place::Others => {
            Flow::open(app, PAGES, text, other, now).is_some()
                || Flow::open(app, "eu-west-1_Other", text, own, now).is_some()
                || Flow::open(app, PAGES, text, own, now + LIFE).is_some()
        }
    }
}

// Which kind of text, where it is changed and to what, and a text of the fuzzer's own.
fuzz_target!(|data: (u8, u16, u8, &str)| {
    let (kind, at, letter, text) = data;
    let (world, kinds) = &*HELD;
    let (good, takes) = &kinds[usize::from(kind) % kinds.len()];
    assert_eq!(takes(world, text, Place::Own), text == good);
    let at = usize::from(at) % good.len();
    let mut changed = good.clone().into_bytes();
    changed[at] = letter & 0x7f;
    let changed = String::from_utf8(changed).expect("it is ASCII");
    assert_eq!(takes(world, &changed, Place::Own), changed == *good);
    let (head, tail) = good.split_at(at);
    for other in [head, tail, &format!("{head}{}{tail}", char::from(letter & 0x7f))] {
        assert_eq!(takes(world, other, Place::Own), other == good);
    }
});
