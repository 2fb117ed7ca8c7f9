//! The condition keys that every request has: of itself, of its caller, of the caller's session.
//!
//! INVARIANT: what is of the request itself is named in one list ([`OF_ARRIVAL`]), by which it is known whose answers may
//! be remembered: a policy that asks for none of it answers the same caller alike.
//!
//! IAM User Guide, "AWS global condition context keys".

use garita_policy::{Context, PolicyDocument};

use super::{Arrival, Caller};

/// The condition keys that a request has of itself, whoever sent it.
const OF_ARRIVAL: [&str; 6] = [
    "aws:SourceIp",
    "aws:SecureTransport",
    "aws:UserAgent",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:RequestedRegion",
];

/// The values of [`OF_ARRIVAL`].
fn of_arrival(arrival: &Arrival, region: &str) -> [String; 6] {
    [
        arrival.source_ip.to_string(),
        arrival.secure.to_string(),
        arrival.user_agent.clone(),
        arrival.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        arrival.now.as_second().to_string(),
        region.to_owned(),
    ]
}

/// Whether a policy asks for more than who the caller is: then the same caller may have another answer next time.
pub(crate) fn asks_of_arrival(policy: &PolicyDocument) -> bool {
    let asked = policy.context_keys();
    OF_ARRIVAL.iter().any(|of_arrival| asked.iter().any(|key| key.eq_ignore_ascii_case(of_arrival)))
}

/// Global condition keys: IAM User Guide, "AWS global condition context keys".
pub(super) fn global_keys(arrival: &Arrival, caller: &Caller, region: &str) -> Context {
    let mut keys = Context::new();
    keys.set_principal(&caller.principal);
    for (name, value) in OF_ARRIVAL.into_iter().zip(of_arrival(arrival, region)) {
        keys.set(name, value);
    }
    if let Some(state) = &caller.session {
        let session = &state.session;
        keys.set("aws:TokenIssueTime", session.issued.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        keys.set("aws:MultiFactorAuthPresent", session.mfa_at.is_some().to_string());
        if let Some(proved) = session.mfa_at {
            let age = arrival.now.as_second() - proved.as_second();
            keys.set("aws:MultiFactorAuthAge", age.max(0).to_string());
        }
        if let Some(source) = &session.source_identity {
            keys.set("aws:SourceIdentity", source.clone());
        }
        if let Some(web) = &session.web_identity {
            for (name, value) in web.keys() {
                keys.set(&name, value);
            }
            keys.set_many(&web.methods_key(), web.methods.iter().cloned());
        }
        for tag in &session.tags {
            keys.set(&format!("aws:PrincipalTag/{}", tag.key), tag.value.clone());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use garita_policy::PolicyKind;

    use super::*;

    #[test]
    fn a_policy_asks_of_the_arrival_in_its_conditions_and_by_variables() {
        let policy = |condition: &str| {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Federated":"p"}},
                    "Action":"sts:AssumeRoleWithWebIdentity","Condition":{condition}}}}}"#
            );
            PolicyDocument::parse(&text, PolicyKind::Trust).unwrap()
        };
        for asking in [
            r#"{"IpAddress":{"AWS:sourceip":"10.0.0.0/8"}}"#,
            r#"{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}"#,
            r#"{"StringEquals":{"aws:RequestTag/from":"${aws:SourceIp}"}}"#,
            r#"{"Null":{"aws:UserAgent":"false"}}"#,
        ] {
            assert!(asks_of_arrival(&policy(asking)), "{asking}");
        }
        for of_the_caller in [r#"{"StringEquals":{"p:aud":"client","p:sub":"${p:aud}"}}"#, "{}"] {
            assert!(!asks_of_arrival(&policy(of_the_caller)), "{of_the_caller}");
        }
    }
}
