//! An API: a stage in front of one upstream, and how a request finds it.
//!
//! INVARIANT: the account and the API id in every judged ARN come from here, never from the request.

use std::fmt;
use std::path::PathBuf;

use garita_app::AcceptedPool;
use garita_model::AccountId;

use crate::mlflow::Verb;
use crate::path::CanonicalPath;
use crate::stage_policy::StagePolicy;

/// Where an upstream listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A Unix socket: no Nagle delay, and file permissions guard it.
    Unix(PathBuf),
    /// `host:port`, over plain HTTP.
    Http(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Http(authority) => write!(f, "http://{authority}"),
        }
    }
}

/// An API with its one stage.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its id in ARNs.
    pub id: String,
    /// The account that owns it.
    pub account: AccountId,
    /// Its region in ARNs.
    pub region: String,
    /// The first segment of every path.
    pub stage: String,
    /// What it stands in front of.
    pub upstream: Target,
    /// The host name it answers to, without a port; any when none.
    pub host: Option<String>,
    /// The URL clients reach the stage's root by, without a slash at the end; from the Host header when none.
    pub public_url: Option<String>,
    /// Its resource policy.
    pub policy: Option<StagePolicy>,
    /// The user pools whose tokens are taken beside AWS signatures.
    pub user_pools: Vec<AcceptedPool>,
}

impl Api {
    /// The user pool that browsers sign in to, if the stage signs them in.
    pub(crate) fn sign_in(&self) -> Option<&AcceptedPool> {
        self.user_pools.iter().find(|pool| pool.sign_in.is_some())
    }

    /// The ARN that `execute-api:Invoke` is judged on. `/ajax-api` is judged as `/api`.
    pub fn invoke_arn(&self, verb: Verb, path: &CanonicalPath) -> String {
        let decoded = path.decoded();
        let judged =
            decoded.strip_prefix("ajax-").filter(|rest| rest.starts_with("api/")).unwrap_or(&decoded);
        self.arn_of(verb, judged)
    }

    /// The ARN of a judged path that has no leading slash.
    pub fn arn_of(&self, verb: Verb, judged: &str) -> String {
        let Self { region, account, id, stage, .. } = self;
        format!("arn:aws:execute-api:{region}:{account}:{id}/{stage}/{verb}/{judged}")
    }
}

/// The APIs that a host name leads to: its own, or else those of any.
pub(crate) fn of_host<'a, T>(
    apis: &'a [T],
    api: impl Fn(&T) -> &Api,
    authority: &str,
) -> impl Iterator<Item = &'a T> {
    let host = host_of(authority);
    let named = move |candidate: &T| api(candidate).host.as_deref().map(|own| own.eq_ignore_ascii_case(host));
    let own = apis.iter().any(|candidate| named(candidate) == Some(true));
    let wanted = own.then_some(true);
    apis.iter().filter(move |candidate| named(candidate) == wanted)
}

/// Finds the API a request is for, by its host name and then by the first segment of its path.
pub(crate) fn find<'a, T>(
    apis: &'a [T],
    api: impl Fn(&T) -> &Api + Copy,
    authority: &str,
    stage: &str,
) -> Option<&'a T> {
    of_host(apis, api, authority).find(|candidate| api(candidate).stage == stage)
}

/// The host of a checked `host[:port]`.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(id: &str, stage: &str, host: Option<&str>) -> Api {
        Api {
            id: id.to_owned(),
            account: "111122223333".parse().unwrap(),
            region: "eu-west-1".to_owned(),
            stage: stage.to_owned(),
            upstream: Target::Http("127.0.0.1:1".to_owned()),
            host: host.map(str::to_owned),
            public_url: None,
            policy: None,
            user_pools: Vec::new(),
        }
    }

    #[test]
    fn found_by_host_then_stage() {
        let apis = [api("a", "prod", None), api("b", "prod", Some("ml.example")), api("c", "dev", None)];
        for (authority, stage, id) in [
            ("x", "prod", Some("a")),
            ("ML.example:8443", "prod", Some("b")),
            ("ml.example", "dev", None),
            ("[::1]:80", "dev", Some("c")),
            ("x", "none", None),
        ] {
            let found = find(&apis, |api| api, authority, stage).map(|api| api.id.as_str());
            assert_eq!(found, id, "{authority} {stage}");
        }
    }

    #[test]
    fn both_spellings_are_judged_as_one() {
        let api = api("abc123", "prod", None);
        for (path, arn) in [
            ("/api/2.0/mlflow/runs/get", "GET/api/2.0/mlflow/runs/get"),
            ("/ajax-api/2.0/mlflow/runs/get", "GET/api/2.0/mlflow/runs/get"),
            ("/ajax-apix/2.0", "GET/ajax-apix/2.0"),
            ("/", "GET/"),
        ] {
            let path = CanonicalPath::parse(path).unwrap();
            let arn = format!("arn:aws:execute-api:eu-west-1:111122223333:abc123/prod/{arn}");
            assert_eq!(api.invoke_arn(Verb::Get, &path), arn);
        }
    }
}
