//! Signing in, beside what the machine can do at most: passwords beside bare Argon2id, tokens beside bare RSA signatures,
//! and what people in a pool cost in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::figure::{Bar, Figure};
use super::garita::{self, Garita, cognito};
use super::lap::{Course, Lap, Laps, processor, rate};
use super::load::Generator;
use super::process::Scratch;
use super::{median, processors, raw};
use crate::run;
use crate::workspace::Workspace;

/// Users of the pool.
const USERS: usize = 100_000;
/// How many of them sign in, in turn: as many as the load generator holds connections.
const PEOPLE: usize = 64;
const PASSWORD: &str = "Bench-pass-0123";
/// How much longer a lap of passwords takes than others.
const LONG: u32 = 3;
/// Most megabytes with that many users, and what a thread for passwords works with on top: 19 MiB.
const MEMORY: f64 = 120.0;
const HASH_MEMORY: f64 = 19.0 * 1.048_576;

/// Runs the rounds and returns the figures.
pub(super) fn run(workspace: &Workspace, program: &Path, rounds: usize, seconds: u32) -> Result<Vec<Figure>> {
    let processor = processors::set_apart()?;
    let scratch = Scratch::new()?;
    let folder = scratch.path();
    let data = garita::initialize(program, folder, None)?;
    let pool = UserPool::make(program, folder, &data)?;
    let garita = garita::serve(program, &data)?;
    garita::who_am_i(&garita)?;
    garita.server.settle()?;
    let at_rest = garita.server.resident_megabytes()?;
    let requests = Requests::write(folder, &garita, &pool)?;
    let course =
        Course { generator: Generator { script: workspace.path("bench/pool.lua"), processor }, seconds };
    let mut contest = Contest::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        contest.round(&course, &requests, &garita)?;
    }
    let mut figures = contest.figures();
    figures.extend(memory(at_rest, garita.server.peak_megabytes()?)?);
    Ok(figures)
}

/// A user pool with its users, and app clients of it: for people and for programs, of either algorithm.
struct UserPool {
    id: String,
    people: [Client; 2],
    machines: [Client; 2],
}

/// An app client.
struct Client {
    id: String,
    /// Programs have one.
    secret: String,
}

impl UserPool {
    fn make(program: &Path, folder: &Path, data: &Path) -> Result<Self> {
        let garita = garita::serve(program, data)?;
        let made = cognito(&garita, "CreateUserPool", &json!({ "PoolName": "bench" }))?;
        let (id, arn) = (text(&made, "/UserPool/Id")?, text(&made, "/UserPool/Arn")?);
        let server = json!({ "UserPoolId": id, "Identifier": "bench", "Name": "bench",
            "Scopes": [{ "ScopeName": "run", "ScopeDescription": "run jobs" }] });
        cognito(&garita, "CreateResourceServer", &server)?;
        let people = json!({ "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] });
        let machine = json!({ "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["bench/run"] });
        let both = |settings: &Value| -> Result<[Client; 2]> {
            let [rsa, elliptic] = [client(&garita, &id, settings)?, client(&garita, &id, settings)?];
            let tags = json!({ format!("garita:token-algorithm/{}", elliptic.id): "ES256" });
            cognito(&garita, "TagResource", &json!({ "ResourceArn": arn, "Tags": tags }))?;
            Ok([rsa, elliptic])
        };
        let pool = Self { people: both(&people)?, machines: both(&machine)?, id };
        let users = folder.join("users.jsonl");
        fs::write(&users, user_file()?)?;
        let mut import = Command::new(program);
        import.args(["users", "import", &pool.id]).arg(&users).arg("--data").arg(data);
        run::output(&mut import).context("bringing the users")?;
        Ok(pool)
    }
}

fn client(garita: &Garita, pool: &str, settings: &Value) -> Result<Client> {
    let mut input = json!({ "UserPoolId": pool, "ClientName": "bench" });
    if let (Some(input), Some(settings)) = (input.as_object_mut(), settings.as_object()) {
        input.extend(settings.clone());
    }
    let made = cognito(garita, "CreateUserPoolClient", &input)?;
    let secret = made.pointer("/UserPoolClient/ClientSecret").and_then(Value::as_str).unwrap_or_default();
    Ok(Client { id: text(&made, "/UserPoolClient/ClientId")?, secret: secret.to_owned() })
}

/// The users as `garita users import` takes them, all with the same password.
fn user_file() -> Result<String> {
    let (hash, mut file) = (raw::stored_hash(PASSWORD)?, String::new());
    for number in 0..USERS {
        let email = format!("{}@example.com", name(number));
        let attributes = json!({ "email": email, "email_verified": "true" });
        let user = json!({ "username": name(number), "password_hash": hash, "attributes": attributes });
        file.push_str(&json!({ "user": user }).to_string());
        file.push('\n');
    }
    Ok(file)
}

fn name(number: usize) -> String {
    format!("person-{number}")
}

/// Files of requests for the load generator.
struct Requests {
    passwords: PathBuf,
    refreshes: [PathBuf; 2],
    machines: [PathBuf; 2],
}

impl Requests {
    fn write(folder: &Path, garita: &Garita, pool: &UserPool) -> Result<Self> {
        let [rsa, elliptic] = &pool.people;
        let (mut passwords, mut refreshes) = (String::new(), [String::new(), String::new()]);
        for number in 0..PEOPLE {
            passwords.push_str(&initiate_auth(&by_password(rsa, number)));
            for (client, refreshes) in [rsa, elliptic].into_iter().zip(&mut refreshes) {
                let tokens = cognito(garita, "InitiateAuth", &by_password(client, number))?;
                let token = text(&tokens, "/AuthenticationResult/RefreshToken")?;
                let ask = json!({ "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client.id,
                    "AuthParameters": { "REFRESH_TOKEN": token } });
                refreshes.push_str(&initiate_auth(&ask));
            }
        }
        let file = |name: &str, text: &str| -> Result<PathBuf> {
            let file = folder.join(name);
            fs::write(&file, text)?;
            Ok(file)
        };
        let [of_rsa, of_elliptic] = &refreshes;
        let [rsa, elliptic] = &pool.machines;
        Ok(Self {
            passwords: file("passwords", &passwords)?,
            refreshes: [file("refreshes", of_rsa)?, file("refreshes-es256", of_elliptic)?],
            machines: [
                file("machines", &by_secret(pool, rsa))?,
                file("machines-es256", &by_secret(pool, elliptic))?,
            ],
        })
    }
}

fn by_password(client: &Client, number: usize) -> Value {
    json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client.id,
        "AuthParameters": { "USERNAME": name(number), "PASSWORD": PASSWORD } })
}

/// A request as `bench/pool.lua` reads it.
fn initiate_auth(ask: &Value) -> String {
    format!(
        "POST /\tContent-Type: application/x-amz-json-1.1\t\
        X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth\t={ask}\n"
    )
}

fn by_secret(pool: &UserPool, client: &Client) -> String {
    format!(
        "POST /{}/oauth2/token\tContent-Type: application/x-www-form-urlencoded\t\
        =grant_type=client_credentials&client_id={}&client_secret={}\n",
        pool.id, client.id, client.secret
    )
}

fn text(answer: &Value, path: &str) -> Result<String> {
    let found = answer.pointer(path).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no `{path}` in the answer"))
}

/// What the rounds gave.
struct Contest {
    passwords: Beside,
    refreshes: Beside,
    machines: Beside,
    refreshes_es256: Laps,
    machines_es256: Laps,
}

impl Contest {
    fn new() -> Self {
        Self {
            passwords: Beside::new("password", 1.0),
            // An id token and an access token.
            refreshes: Beside::new("refresh", 2.0),
            machines: Beside::new("client_credentials", 1.0),
            refreshes_es256: Laps::new("refresh_es256"),
            machines_es256: Laps::new("client_credentials_es256"),
        }
    }

    fn round(&mut self, course: &Course, requests: &Requests, garita: &Garita) -> Result<()> {
        let lap = |file: &Path| course.lap(&garita.server, &garita.aws, file);
        // A sign-in takes up to a second where 64 come at once, and those under way at the end of a lap do not count.
        let long = Course { generator: course.generator.clone(), seconds: LONG * course.seconds };
        let hashes = || raw::hashes(course.seconds);
        let signatures = || raw::signatures(course.seconds);
        let (refreshes, machines) = (&requests.refreshes, &requests.machines);
        self.passwords.round(hashes, || long.lap(&garita.server, &garita.aws, &requests.passwords))?;
        self.refreshes.round(signatures, || lap(&refreshes[0]))?;
        self.machines.round(signatures, || lap(&machines[0]))?;
        self.refreshes_es256.push(lap(&refreshes[1])?);
        self.machines_es256.push(lap(&machines[1])?);
        Ok(())
    }

    fn figures(&self) -> Vec<Figure> {
        let (passwords, refreshes, machines) = (&self.passwords, &self.refreshes, &self.machines);
        let mut figures = vec![
            Figure::new("identity.argon2id.rate", median(&passwords.bare), "hash/s"),
            Figure::new("identity.rs256.rate", median(&machines.bare), "sig/s"),
        ];
        let (refreshes_es256, machines_es256) = (&self.refreshes_es256, &self.machines_es256);
        for laps in [&passwords.laps, &refreshes.laps, refreshes_es256, &machines.laps, machines_es256] {
            figures.extend(laps.figures("identity"));
        }
        let per_core = |laps: &Laps| 1e6 / laps.median(processor);
        let bar = |name: &str, value, unit, least| {
            Figure::new(format!("identity.{name}"), value, unit).bar(Bar::AtLeast(least))
        };
        figures.extend([
            bar("password_over_argon2id", passwords.over(), "x", 0.9),
            bar("refresh_over_rs256", refreshes.over(), "x", 0.8),
            bar("client_credentials_over_rs256", machines.over(), "x", 0.8),
            bar("refresh_es256_per_core", per_core(refreshes_es256), "req/s", 1000.0),
            bar("client_credentials_es256_per_core", per_core(machines_es256), "req/s", 1000.0),
        ]);
        figures
    }
}

/// Laps beside the bare work in them.
struct Beside {
    laps: Laps,
    /// The rate of the bare work beside each lap: the mean of just before and just after it, because the machine may be
    /// quicker at one time than at another.
    bare: Vec<f64>,
    /// Pieces of bare work in each request.
    pieces: f64,
}

impl Beside {
    fn new(name: &'static str, pieces: f64) -> Self {
        Self { laps: Laps::new(name), bare: Vec::new(), pieces }
    }

    fn round(&mut self, bare: impl Fn() -> Result<f64>, lap: impl FnOnce() -> Result<Lap>) -> Result<()> {
        let before = bare()?;
        self.laps.push(lap()?);
        self.bare.push(f64::midpoint(before, bare()?));
        Ok(())
    }

    /// The median over the rounds of the rate of bare work in requests, divided by the rate of the bare work alone.
    fn over(&self) -> f64 {
        let ratio = |(lap, bare): (&Lap, &f64)| rate(lap) * self.pieces / bare;
        median(&self.laps.laps.iter().zip(&self.bare).map(ratio).collect::<Vec<_>>())
    }
}

/// Resident memory before the rounds, and the most there was in all of them.
fn memory(at_rest: f64, most: f64) -> Result<Vec<Figure>> {
    // At most eight threads hash passwords.
    let threads = f64::from(u32::try_from(thread::available_parallelism()?.get().min(8))?);
    let name = |when: &str| format!("identity.memory_{when}_{USERS}_users");
    Ok(vec![
        Figure::new(name("at"), at_rest, "MB").bar(Bar::AtMost(MEMORY)),
        Figure::new(name("in_storm_at"), most, "MB")
            .bar(Bar::AtMost((MEMORY + threads * HASH_MEMORY).ceil())),
    ])
}
