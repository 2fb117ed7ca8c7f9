//! The command line: what Garita can be asked to do, with help that teaches.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use garita_app::account::{BroughtKey, NewAccount};
use garita_app::reach::Surroundings;
use garita_model::Secret;
use tracing_subscriber::EnvFilter;

use crate::config::{Config, environment};
use crate::control::{self, Answer, Command as ControlCommand};
use crate::data_folder::{DataFolder, write_private};
use crate::signals::Signals;
use crate::{audit_log, explain, mail, policy_test, quickstart, reference, serve, users, who_can};

/// The identity and access plane of a machine-learning platform: AWS IAM's language and APIs, in front of your own
/// MLflow.
#[derive(Parser)]
#[command(name = "garita", version, max_term_width = 100)]
#[command(
    after_help = "New here? `garita quickstart` sets everything up in ./garita-data and shows it working.\n\
    Your own platform: `garita init`, write garita-data/garita.toml, `garita check`, `garita serve`."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The data folder: store, audit trail, master key
    #[arg(long, global = true, env = "GARITA_DATA", default_value = "garita-data", value_name = "DIR")]
    data: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a demonstration with a real MLflow, show it working, and keep it running
    Quickstart(quickstart::QuickstartArgs),
    /// Create the data folder with a master key and a first account
    Init(InitArgs),
    /// Serve the AWS API and the API stages of the configuration
    Serve(ConfigArgs),
    /// Make and list accounts; works beside a running server
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
    /// Check a configuration and say what it would serve, without serving
    Check(ConfigArgs),
    /// Send one e-mail as the configuration says, to see whether it arrives
    MailTest {
        /// The address
        to: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Read the audit trail; works beside a running server
    Audit {
        #[command(subcommand)]
        command: audit_log::AuditCommand,
    },
    /// Say why a request was refused or allowed, by the id in its reply; works beside a running server
    Explain(explain::ExplainArgs),
    /// Test policies against cases, without a server
    Policy {
        #[command(subcommand)]
        command: policy_test::PolicyCommand,
    },
    /// Name everyone who can do something, with the conditions that remain; works beside a running server
    WhoCan(who_can::WhoCanArgs),
    /// Tell what a user, a role or a root user can do; works beside a running server
    WhatCan(who_can::WhatCanArgs),
    /// Bring users of a pool along, or take them away, with the hashes of their passwords; works beside a running server
    Users {
        #[command(subcommand)]
        command: users::UsersCommand,
    },
    /// Print reference pages made from the program's own tables
    #[command(hide = true)]
    Reference {
        /// operations, routes or cli
        page: String,
    },
}

#[derive(Args)]
struct ConfigArgs {
    /// The configuration file; without it DIR/garita.toml, and the built-in settings when there is none
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "The secret key of a new root user is printed once and can never be shown again.\n\
    Examples:\n  garita init\n  garita init --account-id 111122223333 --root-access-key-id AKIAMYOWNROOTKEY0001 \\\n    \
    --root-secret-key-file /run/secrets/garita-root")]
struct InitArgs {
    /// The first account's id, twelve digits; drawn when absent
    #[arg(long, value_name = "ID")]
    account_id: Option<String>,
    /// The first account's name
    #[arg(long, value_name = "NAME", default_value = "main")]
    account_name: String,
    /// A root access key id of your own; needs its secret from a file or standard input
    #[arg(long, value_name = "ID")]
    root_access_key_id: Option<String>,
    /// The file with the root secret key; `-` or absent: standard input
    #[arg(long, value_name = "FILE", requires = "root_access_key_id")]
    root_secret_key_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum AccountCommand {
    /// Make an account with a root user; prints the root key once, as JSON
    Create {
        /// Its name, unique in this Garita
        name: String,
        /// Its id, twelve digits; drawn when absent
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// List the accounts, one JSON line each
    List,
}

/// Runs the command the arguments ask for.
pub(crate) fn run() -> Result<ExitCode> {
    let cli = Cli::parse();
    // The quickstart prints every refusal itself.
    let usual = if matches!(cli.command, Command::Quickstart(_)) { "warn" } else { "info" };
    let filter = environment("GARITA_LOG").unwrap_or_else(|| usual.to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter).context("GARITA_LOG")?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let folder = DataFolder::new(&cli.data);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Quickstart(args) => return quickstart::run(args, &folder).await,
            Command::Init(args) => init(&folder, args).await?,
            Command::Serve(args) => serve_until_told(&folder, &args).await?,
            Command::Account { command } => account(&folder, command).await?,
            Command::Check(args) => check(&folder, &args)?,
            Command::MailTest { to, config } => {
                mail::try_out(read_config(&folder, &config)?.mail.as_ref(), &to).await?;
            }
            Command::Audit { command } => audit_log::run(&folder, command).await?,
            Command::Explain(args) => explain::run(&folder, &args)?,
            Command::Policy { command } => return policy_test::run(&command),
            Command::WhoCan(args) => who_can::who_can(&folder, &usual_config(&folder)?, args).await?,
            Command::WhatCan(args) => who_can::what_can(&folder, &usual_config(&folder)?, args).await?,
            Command::Users { command } => users::run(&folder, &usual_config(&folder)?, command).await?,
            Command::Reference { page } => {
                print!("{}", reference::page(&page, &mut <Cli as clap::CommandFactory>::command())?);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn init(folder: &DataFolder, args: InitArgs) -> Result<()> {
    let root_key = brought_key(&args)?;
    let id = args.account_id.as_deref().map(str::parse).transpose()?;
    let new = NewAccount { id, name: args.account_name.parse()?, root_key };
    let brought = new.root_key.is_some();
    folder.create()?;
    let app = folder.open(&Config::default()).await?;
    let (account, key) = app.create_account(new).await?;
    write_private(&folder.config_file(), reference::SAMPLE_CONFIG)?;
    println!("data folder        {}", folder.path().display());
    println!("configuration      {}", folder.config_file().display());
    println!("account            {} ({})", account.id, account.name);
    println!("root access key    {}", key.key.id);
    if !brought {
        println!("root secret key    {}", key.secret.expose());
        println!("\nKeep the secret key now: it cannot be shown again.");
    }
    println!("\nNext: garita check --data {0} && garita serve --data {0}", folder.path().display());
    Ok(())
}

fn brought_key(args: &InitArgs) -> Result<Option<BroughtKey>> {
    let Some(id) = &args.root_access_key_id else { return Ok(None) };
    let mut text = String::new();
    match args.root_secret_key_file.as_deref() {
        Some(path) if path.as_os_str() != "-" => {
            text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the root secret key from `{}`", path.display()))?;
        }
        _ => {
            std::io::stdin()
                .read_to_string(&mut text)
                .context("cannot read the root secret key from standard input")?;
        }
    }
    let secret = Secret::new(text.trim().to_owned());
    if !(16..=128).contains(&secret.expose().len()) || !secret.expose().bytes().all(|b| b.is_ascii_graphic())
    {
        bail!("a root secret key has 16 to 128 printable characters without spaces");
    }
    Ok(Some(BroughtKey { id: id.parse()?, secret }))
}

fn read_config(folder: &DataFolder, args: &ConfigArgs) -> Result<Config> {
    args.config.as_deref().map_or_else(|| usual_config(folder), Config::read)
}

/// The configuration in the data folder, or the built-in one.
fn usual_config(folder: &DataFolder) -> Result<Config> {
    let path = folder.config_file();
    if path.exists() { Config::read(&path) } else { Ok(Config::default()) }
}

async fn serve_until_told(folder: &DataFolder, args: &ConfigArgs) -> Result<()> {
    let config = read_config(folder, args)?;
    let app = folder.open(&config).await?;
    for api in &config.api {
        if app.snapshot().account(api.account.parse()?).is_none() {
            bail!(
                "api `{}` belongs to account `{}`, which does not exist: `garita account create` makes it",
                api.id,
                api.account
            );
        }
    }
    // Before anything is said to anybody: who is told that the server is up may tell it to stop at once.
    let mut signals = Signals::listen()?;
    let serving = serve::start(&config, app, folder).await?;
    println!("aws      {}", serving.aws_endpoint);
    for endpoint in &serving.gateway_endpoints {
        println!("gateway  {endpoint}");
    }
    if let Some(endpoint) = &serving.web_endpoint {
        println!("web      {endpoint}");
    }
    signals.told_to_stop().await;
    println!("stopping");
    serving.stop().await
}

async fn account(folder: &DataFolder, command: AccountCommand) -> Result<()> {
    let command = match command {
        AccountCommand::Create { name, id } => ControlCommand::CreateAccount { name, id },
        AccountCommand::List => ControlCommand::ListAccounts,
    };
    let answer = match control::send(folder, &command).await? {
        Some(answer) => answer,
        None => {
            let app = folder.open(&Config::default()).await?;
            control::carry_out(&app, &Surroundings::default(), command).await?
        }
    };
    let Answer::Accounts(lines) = answer else {
        bail!("the running server answered something else than was asked")
    };
    for line in lines {
        println!("{}", serde_json::to_string(&line)?);
    }
    Ok(())
}

fn check(folder: &DataFolder, args: &ConfigArgs) -> Result<()> {
    let config = read_config(folder, args)?;
    if args.config.is_none() && !folder.config_file().exists() {
        println!("settings built in: there is no `{}`", folder.config_file().display());
    }
    println!("region   {} (signatures for {} accepted too)", config.region, config.also_regions.join(", "));
    println!("aws      {}", config.aws.listen);
    for (address, apis) in config.gateways()? {
        for api in apis {
            let host = api.host.as_deref().unwrap_or("any host");
            let policy = if api.policy.is_some() { ", with a resource policy" } else { "" };
            println!("gateway  {address} /{} ({host}) -> {}  [{}]{policy}", api.stage, api.upstream, api.id);
        }
    }
    if !config.trusted_proxies.is_empty() {
        println!("proxies  {}", config.trusted_proxies.join(", "));
    }
    match &config.web {
        Some(web) => println!("web      {} -> {}", web.site(web.listen)?.url(), web.listen),
        None => match config.aws.site(config.aws.listen) {
            Ok(site) => println!("web      {} (the AWS endpoint)", site.url()),
            Err(why) => println!("web      nowhere: {why}"),
        },
    }
    if let Some(mail) = &config.mail {
        println!("mail     {}", mail.goes_to());
    }
    println!("the configuration is sound");
    Ok(())
}
