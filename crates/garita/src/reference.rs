//! Reference pages in Markdown, made from the program's own tables: what `docs/reference` holds.

use anyhow::{Result, bail};
use garita_wire::operation::{Authentication, Operation};

/// The configuration `garita init` writes: every setting, explained.
pub(crate) const SAMPLE_CONFIG: &str = include_str!("../garita.sample.toml");

/// A reference page by its name.
pub(crate) fn page(name: &str, cli: &mut clap::Command) -> Result<String> {
    match name {
        "operations" => Ok(operations()),
        "routes" => Ok(garita_gateway::mlflow::reference()),
        "cli" => Ok(command_line(cli)),
        "configuration" => Ok(format!(
            "# Configuration\n\nThe file that `garita init` writes; every setting with its default.\n\n```toml\n{SAMPLE_CONFIG}```\n"
        )),
        _ => bail!("no reference page `{name}`: there are operations, routes, cli and configuration"),
    }
}

fn operations() -> String {
    let mut page = String::from(
        "# AWS operations\n\nEvery operation the AWS endpoint serves, and at the end those of the same services that it does not. An \
         operation or a parameter that is not here is refused by name.\n\n\
         | service | operation | IAM action | resource | access | parameters |\n|---|---|---|---|---|---|\n",
    );
    for operation in garita_aws::operations::operations() {
        let parameters = garita_aws::operations::parameters(operation).join(", ");
        let Operation { service, name, action, resource, access, authentication, .. } = operation;
        let action = match authentication {
            Authentication::Required => format!("`{action}`"),
            Authentication::None => "none: not signed".to_owned(),
        };
        page.push_str(&format!(
            "| {service} | {name} | {action} | `{resource}` | {access:?} | {parameters} |\n"
        ));
    }
    page.push_str(
        "\n## Refused by name\n\n| service | operations that AWS has and Garita does not |\n|---|---|\n",
    );
    for (service, names) in garita_aws::operations::ABSENT {
        page.push_str(&format!("| {service} | {} |\n", names.join(", ")));
    }
    page
}

fn command_line(cli: &mut clap::Command) -> String {
    let mut page = String::from("# Command line\n");
    add(&mut page, cli, "garita");
    page
}

fn add(page: &mut String, command: &mut clap::Command, path: &str) {
    let help = command.clone().bin_name(path).term_width(100).render_long_help().to_string();
    page.push_str(&format!("\n## `{path}`\n\n```text\n{}\n```\n", help.trim_end()));
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let path = format!("{path} {}", sub.get_name());
        add(page, sub, &path);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn the_sample_configuration_holds_the_defaults() {
        let sample = Config::parse(super::SAMPLE_CONFIG).unwrap();
        assert_eq!(format!("{sample:?}"), format!("{:?}", Config::default()));
    }
}
