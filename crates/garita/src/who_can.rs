//! `garita who-can` and `garita what-can`: questions about everyone, and about one.
//!
//! A running server answers over the control socket; without one the data folder is opened for as long as it takes.
//! Either way the question stands in the trail.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

use anyhow::{Result, bail};
use clap::Args;
use garita_app::reach::report::{
    ActionLine, AlternativeLine, Conditions, GrantLine, NeedLine, StatementLine, Verdict, WhatCan, WhoCan,
};
use garita_app::reach::{Catalogued, Stage, Surroundings};

use crate::config::Config;
use crate::control::{self, Answer, Command};
use crate::data_folder::DataFolder;

#[derive(Args)]
#[command(
    after_help = "Everyone is asked: root users, users, and roles, as sessions without session policies. Who is not \
    listed cannot, whatever the request brings. `always` holds for every request; `when` names the conditions that \
    remain, those on what a request brings: its address, its time, its factors, its tags.\n\n\
    Examples:\n  garita who-can iam:CreateUser arn:aws:iam::111122223333:user/ana\n  \
    garita who-can sts:AssumeRole arn:aws:iam::111122223333:role/dev\n  \
    garita who-can execute-api:Invoke arn:aws:execute-api:eu-west-1:111122223333:mlflow0001/prod/POST/api/2.0/mlflow/runs/create\n  \
    garita who-can iam:ListUsers '*' --json"
)]
pub(crate) struct WhoCanArgs {
    /// One action, such as `iam:GetUser`; without wildcards
    action: String,
    /// The ARN of one resource, without wildcards; `*` for an action that has none
    resource: String,
    /// The account of a resource whose ARN names none; else it counts as everyone's own
    #[arg(long, value_name = "ID")]
    resource_account: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(
    after_help = "First what the policies say, then each action that Garita knows on all resources of its kind, and \
    on each API stage, then the roles that can be assumed.\n\n\
    Examples:\n  garita what-can arn:aws:iam::111122223333:user/ana\n  \
    garita what-can arn:aws:iam::111122223333:role/dev --json"
)]
pub(crate) struct WhatCanArgs {
    /// The ARN of a user, a role or a root user
    principal: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What policies can speak of in this Garita.
pub(crate) fn surroundings(config: &Config) -> Result<Surroundings> {
    let mut stages = Vec::new();
    for api in config.gateways()?.into_iter().flat_map(|(_, apis)| apis) {
        let arn = format!("arn:aws:execute-api:{}:{}:{}/{}", api.region, api.account, api.id, api.stage);
        let policy = api.policy.as_ref().and_then(|policy| policy.index().policies().first().cloned());
        stages.push(Stage { arn, account: api.account, policy });
    }
    let row = |operation: &'static garita_wire::operation::Operation| Catalogued {
        action: operation.action,
        resource: operation.resource,
    };
    Ok(Surroundings { stages, catalogue: garita_aws::operations::operations().map(row).collect() })
}

/// Answers `who-can`.
pub(crate) async fn who_can(folder: &DataFolder, config: &Config, args: WhoCanArgs) -> Result<()> {
    let is_known =
        |known: &garita_wire::operation::Operation| known.action.eq_ignore_ascii_case(&args.action);
    let of_ours = args.action.split_once(':').is_some_and(|(service, _)| matches!(service, "iam" | "sts"));
    if of_ours && !args.action.contains('*') && !garita_aws::operations::operations().any(is_known) {
        eprintln!("garita: note: no operation served here asks for `{}`", args.action);
    }
    let WhoCanArgs { action, resource, resource_account, json } = args;
    let command = Command::WhoCan { action, resource, resource_account };
    match ask(folder, config, command).await? {
        Answer::WhoCan(told) if json => print(&(serde_json::to_string_pretty(&told)? + "\n")),
        Answer::WhoCan(told) => print(&who_can_text(&told)),
        _ => bail!("the running server answered something else than was asked"),
    }
}

/// Answers `what-can`.
pub(crate) async fn what_can(folder: &DataFolder, config: &Config, args: WhatCanArgs) -> Result<()> {
    match ask(folder, config, Command::WhatCan { principal: args.principal }).await? {
        Answer::WhatCan(told) if args.json => print(&(serde_json::to_string_pretty(&told)? + "\n")),
        Answer::WhatCan(told) => print(&what_can_text(&told)),
        _ => bail!("the running server answered something else than was asked"),
    }
}

async fn ask(folder: &DataFolder, config: &Config, command: Command) -> Result<Answer> {
    if let Some(answer) = control::send(folder, &command).await? {
        return Ok(answer);
    }
    let app = folder.open(config).await?;
    let answer = control::carry_out(&app, &surroundings(config)?, command).await;
    app.close();
    answer
}

/// Whoever reads may have read enough, as `head` does.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn who_can_text(told: &WhoCan) -> String {
    let mut text = String::new();
    for line in &told.principals {
        heading(&mut text, &line.principal, line.note.as_deref(), &line.conditions);
    }
    let (some, all) = (told.principals.len(), told.asked);
    let _ = writeln!(text, "{some} can {} on {}, of {all} asked", told.action, told.resource);
    text
}

fn what_can_text(told: &WhatCan) -> String {
    let mut text = format!("{}\n", told.principal);
    grants(&mut text, "allows", &told.allows);
    grants(&mut text, "denies", &told.denies);
    if let Some(boundary) = &told.boundary {
        grants(&mut text, "within its permissions boundary", boundary);
    }
    for (title, lines) in [("actions", &told.actions), ("roles it may assume", &told.roles)] {
        let _ = writeln!(text, "\n{title}");
        let may = lines.iter().filter(|line| line.conditions.answer != Verdict::Never);
        may.clone().for_each(|line| action(&mut text, line));
        let never = lines.len() - may.count();
        if never > 0 {
            let _ = writeln!(text, "  never: {never} more; --json names them, and why");
        }
        if lines.is_empty() {
            text.push_str("  none\n");
        }
    }
    text
}

fn grants(text: &mut String, title: &str, lines: &[GrantLine]) {
    if lines.is_empty() && title != "allows" {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    if lines.is_empty() {
        text.push_str("  nothing by policies\n");
    }
    for line in lines {
        let (not_action, not_resource) = (but(line.not_action), but(line.not_resource));
        let _ = write!(text, "  {} {not_action}{}", line.effect, line.actions.join(", "));
        if !line.resources.is_empty() {
            let _ = write!(text, " on {not_resource}{}", line.resources.join(", "));
        }
        let _ = writeln!(text, "  [{}]", place(&line.statement));
        if !line.when.is_empty() {
            let _ = writeln!(text, "      when {}", needs(&line.when));
        }
    }
}

fn but(negated: bool) -> &'static str {
    if negated { "all but " } else { "" }
}

fn action(text: &mut String, line: &ActionLine) {
    let name = format!("  {} on {}", line.action, line.resource);
    heading(text, &name, line.note.as_deref(), &line.conditions);
}

fn heading(text: &mut String, name: &str, note: Option<&str>, conditions: &Conditions) {
    let word = match conditions.answer {
        Verdict::Never => "never",
        Verdict::Always => "always",
        Verdict::When => "when",
    };
    let by = conditions.granted_by.first().filter(|_| conditions.answer == Verdict::Always);
    let because = note.map(str::to_owned).or_else(|| by.map(|statement| format!("by {}", place(statement))));
    let because = because.map_or_else(String::new, |because| format!("  ({because})"));
    let _ = writeln!(text, "{name}  {word}{because}");
    for requirement in &conditions.all {
        alternatives(text, &requirement.policy_type, &requirement.any);
    }
    alternatives(text, "unless", &conditions.unless);
}

fn alternatives(text: &mut String, title: &str, lines: &[AlternativeLine]) {
    for (index, line) in lines.iter().enumerate() {
        let title = if index == 0 { title } else { "or" };
        let _ = writeln!(text, "      {title}: {}  [{}]", needs(&line.needs), place(&line.statement));
    }
}

fn needs(needs: &[NeedLine]) -> String {
    needs.iter().map(|need| need.text.as_str()).collect::<Vec<_>>().join(" and ")
}

fn place(statement: &StatementLine) -> String {
    let sid = statement.sid.as_ref().map_or_else(String::new, |sid| format!(" ({sid})"));
    format!("statement {}{sid} of {}", statement.index, statement.policy)
}
