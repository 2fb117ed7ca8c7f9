//! `garita explain`: why a request was refused or allowed, from its record on the trail.
//!
//! The trail is read from its files, line by line, so this works beside a running server and without one, however long
//! the trail is. INVARIANT: what a client sent is printed with its control characters escaped.

use std::fmt::{self, Write as _};

use anyhow::{Result, bail, ensure};
use clap::Args;
use garita_model::explanation::{DecisionRecord, StatementRecord};
use garita_model::{AuditRecord, RequestId};
use garita_store::Trail;
use serde::Serialize;
use serde_json::Value;

use crate::data_folder::DataFolder;

/// What is to be explained, and how.
#[derive(Args)]
#[command(
    after_help = "The id is the one a refusal ends with (`Decision id: ...`). Of any other reply it is the header\n\
    `x-amzn-requestid`; of a record of the trail, `requestID`.\n\n\
    Examples:\n  garita explain 6f0c0a4e-6b0f-4f0e-9a53-0a4f3f6f1c1d\n  \
    garita explain 6f0c0a4e-6b0f-4f0e-9a53-0a4f3f6f1c1d --json"
)]
pub(crate) struct ExplainArgs {
    /// The decision's id
    id: String,
    /// Print the explanation as one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints the explanation.
pub(crate) fn run(folder: &DataFolder, args: &ExplainArgs) -> Result<()> {
    let id: RequestId = args.id.trim().parse()?;
    ensure!(
        folder.path().join("audit").is_dir(),
        "`{0}` has no audit trail: is it a data folder? name the right one with --data",
        folder.path().display()
    );
    let Some(entry) = Trail::find_in(folder.path(), id.as_str(), None)? else {
        bail!(
            "no decision `{id}` on the audit trail of `{}`: compare the id with the refusal, and look in the data \
             folder of the Garita that answered; archived trail files must be put back to be searched",
            folder.path().display()
        );
    };
    let explanation = Explanation::of(&entry.record);
    if args.json {
        println!("{}", serde_json::to_string(&explanation)?);
    } else {
        print!("{explanation}");
    }
    Ok(())
}

/// A record, in the order in which somebody asks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation<'r> {
    id: &'r str,
    time: &'r str,
    who: &'r Value,
    source_ip: &'r str,
    user_agent: &'r str,
    service: &'r str,
    operation: &'r str,
    status: Option<u64>,
    error_code: Option<&'r str>,
    error_message: Option<&'r str>,
    decisions: Vec<DecisionRecord<'r>>,
    next: Vec<String>,
}

impl<'r> Explanation<'r> {
    fn of(record: &'r AuditRecord) -> Self {
        let decisions = DecisionRecord::all_of(record);
        let mut next: Vec<String> = decisions.iter().filter_map(advice).collect();
        if decisions.is_empty() && record.error_code.is_some() {
            next.push("no policy was asked; see \"I got a 403. Why?\" in the book for this error".to_owned());
        }
        Self {
            id: &record.request_id,
            time: &record.event_time,
            who: &record.user_identity,
            source_ip: &record.source_ip_address,
            user_agent: &record.user_agent,
            service: &record.event_source,
            operation: &record.event_name,
            status: record.additional_event_data.get("status").and_then(Value::as_u64),
            error_code: record.error_code.as_deref(),
            error_message: record.error_message.as_deref(),
            decisions,
            next,
        }
    }

    fn who(&self) -> String {
        let text = |name: &str| self.who.get(name).and_then(Value::as_str);
        let who = text("arn").unwrap_or("somebody who did not prove who they are");
        match text("accessKeyId") {
            Some(key) => format!("{who} (access key {key})"),
            None => who.to_owned(),
        }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        line(&mut text, "id", self.id);
        line(&mut text, "who", &self.who());
        line(&mut text, "when", self.time);
        line(&mut text, "from", &format!("{}, {}", self.source_ip, self.user_agent));
        line(&mut text, "asked for", &format!("{} of {}", self.operation, self.service));
        line(&mut text, "answered", &format!("{status} {}", self.error_code.unwrap_or("without error")));
        if self.decisions.is_empty() {
            self.error_message.iter().for_each(|message| line(&mut text, "error", message));
        }
        for (number, decision) in self.decisions.iter().enumerate() {
            let _ = writeln!(text, "\ndecision {} of {}", number + 1, self.decisions.len());
            describe(&mut text, decision);
        }
        if !self.next.is_empty() {
            text.push('\n');
        }
        self.next.iter().for_each(|next| line(&mut text, "what to do", next));
        f.write_str(&text)
    }
}

fn describe(text: &mut String, decision: &DecisionRecord<'_>) {
    line(text, "action", &decision.action);
    line(text, "resource", &decision.resource);
    let because = decision.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
    line(text, "decision", &format!("{}{because}", decision.decision));
    line(text, "decided by", &decision.policy_type);
    for statement in &decision.statements {
        let what = match (decision.is_allowed(), decision.is_explicit_deny()) {
            (true, _) => "allowed by",
            (_, true) => "denied by",
            _ => "not enough",
        };
        line(text, what, &place(statement));
    }
    decision.nearest.iter().for_each(|near| line(text, "nearest", near));
    decision.missing_context_keys.iter().for_each(|key| line(text, "missing key", key));
}

fn place(statement: &StatementRecord<'_>) -> String {
    let StatementRecord { policy, sid, line, column, policy_type } = statement;
    let sid = sid.as_deref().map(|sid| format!("statement `{sid}` of ")).unwrap_or_default();
    format!("{sid}{policy}, line {line} column {column} ({policy_type})")
}

fn line(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, "{name:<12}");
    for c in value.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out.push('\n');
}

/// What whoever administers the policies can do about a refusal.
fn advice(decision: &DecisionRecord<'_>) -> Option<String> {
    let DecisionRecord { action, resource, policy_type, .. } = decision;
    if decision.is_allowed() {
        return None;
    }
    if decision.is_explicit_deny() {
        return Some(
            "no allow helps against a deny: narrow the statement that denies it, if it should not".to_owned(),
        );
    }
    let what = match policy_type.as_ref() {
        "identity-based policy" => "in a policy of the user, its groups or the role".to_owned(),
        "permissions boundary" => "in the permissions boundary as well, or take the boundary away".to_owned(),
        "session policy" => "in the session policy when the session is made, or give none".to_owned(),
        "role trust policy" => "in the trust policy of the role, for this caller".to_owned(),
        "resource-based policy" => "in the policy of the resource, for this caller".to_owned(),
        other => format!("in the {other}"),
    };
    let keys = if decision.missing_context_keys.is_empty() {
        ""
    } else {
        "; or make the request so that it has the missing keys"
    };
    Some(format!("if it should be allowed, allow `{action}` on `{resource}` {what}{keys}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(decisions: &Value) -> AuditRecord {
        serde_json::from_value(json!({
            "eventVersion": "1.11", "eventTime": "2026-03-01T12:00:00Z", "eventSource": "iam.amazonaws.com",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accessKeyId": "AKIAX"},
            "eventName": "ListUsers", "awsRegion": "eu-west-1", "sourceIPAddress": "127.0.0.1",
            "userAgent": "agent \u{1b}[31mred\n", "errorCode": "AccessDenied", "errorMessage": "User: ...",
            "requestParameters": null, "responseElements": null, "requestID": "i", "eventID": "i",
            "additionalEventData": {"status": 403, "decisions": decisions}, "readOnly": true, "resources": [],
            "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "", "eventCategory": "",
        }))
        .unwrap()
    }

    #[test]
    fn a_refusal_is_told_from_who_to_what_to_do() {
        let decisions = json!([{
            "action": "iam:ListUsers", "resource": "*", "decision": "implicitDeny",
            "policyType": "identity-based policy", "reason": "because no identity-based policy allows it",
            "statements": [], "nearest": ["statement 0 of p, line 1 column 14: `Action` is only `s3:*`"],
            "missingContextKeys": ["aws:MultiFactorAuthPresent"],
        }]);
        let told = Explanation::of(&record(&decisions)).to_string();
        let expected = [
            r"id          i",
            r"who         arn:aws:iam::111122223333:user/ana (access key AKIAX)",
            r"when        2026-03-01T12:00:00Z",
            r"from        127.0.0.1, agent \u{1b}[31mred\n",
            r"asked for   ListUsers of iam.amazonaws.com",
            r"answered    403 AccessDenied",
            r"",
            r"decision 1 of 1",
            r"action      iam:ListUsers",
            r"resource    *",
            r"decision    implicitDeny, because no identity-based policy allows it",
            r"decided by  identity-based policy",
            r"nearest     statement 0 of p, line 1 column 14: `Action` is only `s3:*`",
            r"missing key aws:MultiFactorAuthPresent",
            r"",
            r"what to do  if it should be allowed, allow `iam:ListUsers` on `*` in a policy of the user, its groups or the role; or make the request so that it has the missing keys",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn records_without_a_decision_and_of_an_older_shape_are_told_as_far_as_they_go() {
        let text = Explanation::of(&record(&json!([]))).to_string();
        assert!(text.contains("error       User: ...") && text.contains("no policy was asked"), "{text}");
        let old = json!([{"action": "iam:ListUsers", "decision": "explicitDeny",
                          "statements": [{"policy": "p", "sid": "No", "line": 3, "column": 5}]}]);
        let text = Explanation::of(&record(&old)).to_string();
        assert!(text.contains("denied by   statement `No` of p, line 3 column 5"), "{text}");
        let text = Explanation::of(&record(&json!({ "omitted": "70000 bytes" }))).to_string();
        assert!(text.contains("answered    403 AccessDenied"), "{text}");
    }
}
