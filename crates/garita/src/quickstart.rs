//! `garita quickstart`: from nothing to a real MLflow behind Garita, shown working, in one command.
//!
//! Two accounts as in the seed: `ml-platform` owns the API in front of MLflow and three roles; `data-science` runs jobs
//! that take one of them. Everything but the accounts is made over the wire by `provision.py`; `demo.py` then tries
//! what each role may and may not do, with the MLflow SDK. Three people of a user pool have the same roles in a browser. INVARIANT: a second run finds what the first one made, and
//! whatever ends the command ends every process it started.

mod files;
mod keys;
mod paste;
mod people;
mod plan;
mod progress;
mod script;
mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use garita_app::App;
use garita_app::account::{BroughtKey, NewAccount};
use garita_backends::mlflow::MlflowServer;
use garita_backends::python::{Environment, Recipe, Requirement};
use garita_model::Secret;

use crate::data_folder::DataFolder;
use crate::serve::{self, Serving};
use crate::signals::Signals;
use keys::Keys;
use people::People;
use plan::Plan;
use progress::Step;
use script::Script;
use table::Table;

const RECIPE: Recipe<'static> = Recipe {
    packages: &["mlflow>=3,<4", "boto3", "requests-auth-aws-sigv4", "sagemaker-mlflow"],
    raise: Some(Requirement { package: "mlflow", range: "<4" }),
    check: "import mlflow.server.fastapi_app, mlflow.sklearn, boto3, requests_auth_aws_sigv4",
};

/// What `garita quickstart` takes.
#[derive(Args)]
#[command(
    after_help = "Needs Python 3.11 or newer, and the first time a package index to install MLflow from (about \
    a minute).\nThe second run finds everything ready."
)]
pub(crate) struct QuickstartArgs {
    /// Show it working and end; the exit code is 0 only if everything came out as expected
    #[arg(long)]
    once: bool,
    /// Where the AWS API listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4510")]
    aws_listen: SocketAddr,
    /// Where the gateway in front of MLflow listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4580")]
    gateway_listen: SocketAddr,
}

/// Sets up, shows, and stays up until told to stop.
pub(crate) async fn run(args: QuickstartArgs, folder: &DataFolder) -> Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let mut shown = tokio::select! {
        shown = show(&args, folder) => shown?,
        () = signals.told_to_stop() => {
            eprintln!("\nstopped before it was done; the same command goes on from here");
            return Ok(ExitCode::FAILURE);
        }
    };
    if !args.once {
        print!("{}", shown.farewell);
        shown.keys.note_shown(&place(folder)?)?;
        signals.told_to_stop().await;
        eprintln!("\nstopping");
    }
    shown.serving.stop().await?;
    shown.mlflow.stop().await;
    Ok(if args.once && !shown.as_expected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everything that runs once the demonstration is over.
struct Shown {
    serving: Serving,
    mlflow: MlflowServer,
    keys: Keys,
    as_expected: bool,
    farewell: String,
}

async fn show(args: &QuickstartArgs, folder: &DataFolder) -> Result<Shown> {
    let mut keys = open_keys(folder)?;
    let python = python_environment(folder).await?;
    let place = place(folder)?;
    let plan = Plan::new(&place, args.aws_listen, args.gateway_listen);
    let mut config = plan.config()?;
    let app = folder.open(&config).await?;
    create_accounts(&app, &keys).await?;
    let people = People::find_or_make(&app, &keys).await?;
    config.api.iter_mut().for_each(|api| api.user_pool = vec![people.config()]);
    keys.people = Some(people);
    keys.save(&place)?;
    let serving = serve::start(&config, app, folder).await;
    let serving = serving.context("cannot serve (other addresses: --aws-listen and --gateway-listen)")?;
    let provisioned = provision(&python, &place, &plan, &serving, &keys);
    let (mlflow, provisioned) = tokio::join!(start_mlflow(&python, &place), provisioned);
    let mlflow = mlflow?;
    keys.users = provisioned?;
    keys.save(&place)?;
    paste::write_profiles(&place, &plan, &keys)?;
    let settings = paste::client_settings(&python.version_of("mlflow").await?);
    let as_expected = demonstrate(&python, &place, &plan.demo(&serving, &keys, &settings)?).await?;
    let farewell = paste::text(&place, &plan, &serving, &python.python(), &settings, &keys);
    Ok(Shown { serving, mlflow, keys, as_expected, farewell })
}

/// The quickstart's own folder inside the data folder, absolute.
fn place(folder: &DataFolder) -> Result<PathBuf> {
    Ok(std::path::absolute(folder.path())?.join("quickstart"))
}

/// The keys of an earlier run, or new ones in a new data folder.
fn open_keys(folder: &DataFolder) -> Result<Keys> {
    let place = place(folder)?;
    if let Some(keys) = Keys::read(&place)? {
        if !folder.is_initialized() {
            folder.create()?;
        }
        return Ok(keys);
    }
    ensure!(
        !folder.is_initialized(),
        "`{}` is a data folder of your own: the quickstart does not touch it; name another one with --data",
        folder.path().display()
    );
    let step = Step::begin("creating the data folder");
    folder.create_empty()?;
    files::private_folder(&place)?;
    let keys = Keys::draw()?;
    // Before the accounts are made with them: an interrupted first run can be taken up.
    keys.save(&place)?;
    folder.create()?;
    step.done(&folder.path().display().to_string());
    Ok(keys)
}

async fn python_environment(folder: &DataFolder) -> Result<Environment> {
    let environment = Environment::at(std::path::absolute(folder.path())?.join("python"));
    if environment.is_ready(&RECIPE).await {
        return Ok(environment);
    }
    let step = Step::begin("making a Python environment with MLflow");
    environment.make(&RECIPE, &mut |line| step.note(line)).await?;
    step.done(&format!("MLflow {}", environment.version_of("mlflow").await?));
    Ok(environment)
}

async fn create_accounts(app: &Arc<App>, keys: &Keys) -> Result<()> {
    for (name, root) in keys.accounts() {
        if app.snapshot().account(root.id.parse()?).is_some() {
            continue;
        }
        let root_key = BroughtKey {
            id: root.key.access_key_id.parse()?,
            secret: Secret::new(root.key.secret_access_key.clone()),
        };
        let new = NewAccount { id: Some(root.id.parse()?), name: name.parse()?, root_key: Some(root_key) };
        app.create_account(new).await.with_context(|| format!("cannot create the account `{name}`"))?;
        Step::begin("creating an account").done(&format!("{name} ({})", root.id));
    }
    Ok(())
}

async fn start_mlflow(python: &Environment, place: &Path) -> Result<MlflowServer> {
    let step = Step::begin("starting MLflow");
    let server = MlflowServer::start(&python.python(), &plan::mlflow_folder(place)).await?;
    step.done(&format!("on {}", server.socket().display()));
    Ok(server)
}

async fn provision(
    python: &Environment,
    place: &Path,
    plan: &Plan,
    serving: &Serving,
    keys: &Keys,
) -> Result<keys::Users> {
    let script = Script::put(python, place, "provision.py", include_str!("quickstart/provision.py"))?;
    let mut answer = None;
    let input = plan.provision(serving, keys)?;
    let mut take = |line: &str| answer = serde_json::from_str::<keys::Provisioned>(line).ok();
    let ended = script.run(&input, &mut take).await?;
    ensure!(ended.success, "the users and roles could not be made:\n{}", ended.said);
    Ok(answer.context("the script that makes the users and roles gave no answer")?.users)
}

/// Whether every row came out as expected.
async fn demonstrate(python: &Environment, place: &Path, input: &serde_json::Value) -> Result<bool> {
    let script = Script::put(python, place, "demo.py", include_str!("quickstart/demo.py"))?;
    let mut table = Table::begin();
    let ended = script.run(input, &mut |line| table.line(line)).await?;
    let as_expected = table.end();
    ensure!(ended.success || !as_expected, "the demonstration broke off:\n{}", ended.said);
    Ok(as_expected)
}
