//! The settings of a user pool whose tokens an API takes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use garita_app::{AcceptedPool, RoleRule, RuleMatch, TagSource};
use garita_model::Arn;
use garita_model::tag::Tag;
use garita_model::user_pool::{ClientId, PoolId};
use serde::Deserialize;

/// A user pool whose tokens an API takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPoolConfig {
    /// Its id.
    id: String,
    /// The app clients whose tokens are taken; all of the pool when none are named.
    #[serde(default)]
    clients: Vec<String>,
    /// The app client that browsers sign in with; without it the stage sends no browser to sign in.
    sign_in_client: Option<String>,
    /// Tags of the session, each from an attribute.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// Rules that choose a role before the groups do.
    #[serde(default)]
    rule: Vec<RuleConfig>,
}

/// A role for those whose attribute compares in the one way that is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleConfig {
    attribute: String,
    equals: Option<String>,
    starts_with: Option<String>,
    contains: Option<String>,
    role: String,
}

/// Checks the pools of an API.
pub(super) fn accepted(pools: &[UserPoolConfig]) -> Result<Vec<AcceptedPool>> {
    let mut accepted: Vec<AcceptedPool> = Vec::new();
    for config in pools {
        let pool = config.to_pool().with_context(|| format!("user pool `{}`", config.id))?;
        ensure!(accepted.iter().all(|other| other.id != pool.id), "user pool `{}` is named twice", pool.id);
        accepted.push(pool);
    }
    let doors = accepted.iter().filter(|pool| pool.sign_in.is_some()).count();
    ensure!(
        doors <= 1,
        "only one user pool of an api can have a `sign_in_client`: browsers are sent to one place"
    );
    Ok(accepted)
}

impl UserPoolConfig {
    /// A pool that browsers sign in to with an app client.
    pub(crate) fn signing_in(id: &str, client: &str) -> Self {
        let (clients, tags, rule) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { id: id.to_owned(), clients, sign_in_client: Some(client.to_owned()), tags, rule }
    }

    fn to_pool(&self) -> Result<AcceptedPool> {
        let id: PoolId = self.id.parse().ok().with_context(|| "the id must be like `eu-west-1_Ab3dE5gH9`")?;
        let client = |text: &String| -> Result<ClientId> {
            text.parse().ok().with_context(|| format!("`{text}` is no id of an app client"))
        };
        let tag = |(key, attribute): (&String, &String)| -> Result<TagSource> {
            Tag::new(key, "").with_context(|| format!("tag `{key}`"))?;
            check_attribute(attribute).with_context(|| format!("tag `{key}`"))?;
            Ok(TagSource { key: key.clone(), attribute: attribute.clone() })
        };
        let rule = |(index, rule): (usize, &RuleConfig)| {
            rule.to_rule().with_context(|| format!("rule {} of the user pool", index + 1))
        };
        Ok(AcceptedPool {
            id,
            clients: self.clients.iter().map(client).collect::<Result<_>>()?,
            rules: self.rule.iter().enumerate().map(rule).collect::<Result<_>>()?,
            tags: self.tags.iter().map(tag).collect::<Result<_>>()?,
            sign_in: self.sign_in_client.as_ref().map(client).transpose()?,
        })
    }
}

impl RuleConfig {
    fn to_rule(&self) -> Result<RoleRule> {
        check_attribute(&self.attribute)?;
        let (matches, value) = match (&self.equals, &self.starts_with, &self.contains) {
            (Some(value), None, None) => (RuleMatch::Equals, value),
            (None, Some(value), None) => (RuleMatch::StartsWith, value),
            (None, None, Some(value)) => (RuleMatch::Contains, value),
            _ => bail!("exactly one of `equals`, `starts_with` and `contains` must be given"),
        };
        // Whatever is held begins with nothing: such a rule would give its role to everyone.
        ensure!(!value.is_empty(), "the value to compare with must not be empty");
        let arn: Option<Arn> = self.role.parse().ok();
        let is_role = arn.is_some_and(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"));
        ensure!(is_role, "`{}` must be the ARN of a role", self.role);
        let (attribute, value, role) = (self.attribute.clone(), value.clone(), self.role.clone());
        Ok(RoleRule { attribute, matches, value, role })
    }
}

fn check_attribute(name: &str) -> Result<()> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.');
    ensure!(
        !name.is_empty() && name.bytes().all(fits) && name != "sub",
        "`{name}` must be an attribute of users, like `custom:team`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<AcceptedPool>> {
        #[derive(Deserialize)]
        struct Pools {
            user_pool: Vec<UserPoolConfig>,
        }
        accepted(&toml::from_str::<Pools>(text)?.user_pool)
    }

    const POOL: &str = "[[user_pool]]\nid = \"eu-west-1_Ab3dE5gH9\"\n";
    const RULE: &str = "[[user_pool.rule]]\nattribute = \"custom:team\"\n";
    const ROLE: &str = "role = \"arn:aws:iam::111122223333:role/vision\"\n";

    #[test]
    fn a_pool_is_read_with_its_rules_and_tags() {
        let text = format!("{POOL}tags = {{ team = \"custom:team\" }}\n{RULE}starts_with = \"vis\"\n{ROLE}");
        let pools = read(&text).unwrap();
        assert_eq!(pools[0].clients, Vec::new());
        assert_eq!(
            pools[0].tags,
            [TagSource { key: "team".to_owned(), attribute: "custom:team".to_owned() }]
        );
        assert_eq!(pools[0].rules[0].matches, RuleMatch::StartsWith);
    }

    #[test]
    fn what_is_wrong_with_a_pool_is_named() {
        for (text, says) in [
            (POOL.replace("_Ab", "/Ab"), "user pool `eu-west-1/Ab3dE5gH9`: the id must be like"),
            (format!("{POOL}{POOL}"), "is named twice"),
            (format!("{POOL}clients = [\"a b\"]"), "`a b` is no id of an app client"),
            (format!("{POOL}client = [\"a\"]"), "unknown field `client`"),
            (format!("{POOL}sign_in_client = \"a b\""), "`a b` is no id of an app client"),
            (
                format!(
                    "{POOL}sign_in_client = \"1a\"\n{}sign_in_client = \"1b\"",
                    POOL.replace("gH9", "gH8")
                ),
                "only one user pool of an api",
            ),
            (format!("{POOL}tags = {{ team = \"\" }}"), "tag `team`: `` must be an attribute"),
            (format!("{POOL}tags = {{ \"a*\" = \"email\" }}"), "tag `a*`"),
            (format!("{POOL}{RULE}{ROLE}"), "rule 1 of the user pool: exactly one of"),
            (format!("{POOL}{RULE}equals = \"a\"\ncontains = \"b\"\n{ROLE}"), "exactly one of"),
            (format!("{POOL}{RULE}contains = \"\"\n{ROLE}"), "must not be empty"),
            (format!("{POOL}{RULE}equals = \"a\"\nrole = \"vision\""), "`vision` must be the ARN of a role"),
        ] {
            let error = format!("{:#}", read(&text).unwrap_err());
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
