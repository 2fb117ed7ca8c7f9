//! The record of a request, written from what is known of it. [`garita_model::AuditRecord`] reads it again.

use std::net::IpAddr;

use garita_model::AccountId;
use garita_model::explanation::DecisionRecord;
use garita_store::Record;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::identity::{Shown, UserIdentity, in_seconds};
use super::{Event, Outcome};
use crate::console;
use crate::context::{Judgement, RequestContext};

/// The fields of an [`garita_model::AuditRecord`], where they are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    event_version: &'static str,
    user_identity: Who<'a>,
    #[serde(serialize_with = "in_seconds")]
    event_time: Timestamp,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: IpAddr,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: &'a Value,
    response_elements: &'a Value,
    additional_event_data: Additional<'a>,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    #[serde(serialize_with = "resources")]
    resources: &'a [Judgement],
    event_type: &'static str,
    management_event: bool,
    /// Empty where none is concerned.
    recipient_account_id: String,
    event_category: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Who<'a> {
    Told(&'a Value),
    Caller(&'a UserIdentity<'a>),
}

/// What CloudTrail has no field for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Additional<'a> {
    /// The status of the reply.
    status: u16,
    duration_micros: u64,
    #[serde(serialize_with = "decisions")]
    decisions: &'a [Judgement],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_pool_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(flatten)]
    told: &'a Map<String, Value>,
}

/// What the action was judged on.
#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "ARN")]
    arn: &'a str,
    #[serde(rename = "accountId")]
    account: Option<Shown<AccountId>>,
}

/// The record of a request as it stands.
pub(crate) fn record(cx: &RequestContext, outcome: &Outcome) -> garita_model::Result<Record> {
    let (arrival, event, notes) = (cx.arrival(), cx.event(), cx.notes());
    let (concerned, judged) = (notes.concerned.as_ref(), notes.judged.as_slice());
    let recipient = judged.iter().rev().find_map(|judgement| judgement.account);
    let recipient = recipient.or(concerned.map(|concerned| concerned.account)).or(notes.told.account);
    let recipient = recipient.or_else(|| cx.caller().account());
    let id = arrival.request_id.as_str();
    let caller;
    let user_identity = match &notes.identity {
        Some(told) => Who::Told(told),
        None => {
            caller = UserIdentity::of(cx.caller());
            Who::Caller(&caller)
        }
    };
    let written = Written {
        event_version: "1.11",
        user_identity,
        event_time: arrival.now,
        event_source: event.source,
        event_name: &event.name,
        aws_region: cx.region(),
        source_ip_address: arrival.source_ip,
        user_agent: &arrival.user_agent,
        error_code: outcome.error.as_ref().and_then(|error| error.code.as_deref()),
        error_message: outcome.error.as_ref().map(|error| error.message.as_str()),
        request_parameters: &event.parameters,
        response_elements: &outcome.response,
        additional_event_data: Additional {
            status: outcome.status,
            duration_micros: u64::try_from(arrival.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            decisions: judged,
            user_pool_id: concerned.map(|concerned| concerned.pool.as_str()),
            sub: concerned.and_then(|concerned| concerned.sub.as_deref()),
            told: &notes.told.data,
        },
        request_id: id,
        event_id: id,
        read_only: event.read_only,
        resources: judged,
        event_type: event_type(event),
        management_event: event.management,
        recipient_account_id: recipient.map(|account| account.to_string()).unwrap_or_default(),
        event_category: if event.management { "Management" } else { "Data" },
    };
    Record::of(id, &written)
}

/// Sign-ins at the console are no calls of an API.
fn event_type(event: &Event) -> &'static str {
    if event.source == console::SOURCE { "AwsConsoleSignIn" } else { "AwsApiCall" }
}

fn resources<S: Serializer>(judged: &&[Judgement], to: S) -> Result<S::Ok, S::Error> {
    let named = judged.iter().filter(|judgement| judgement.resource != "*");
    to.collect_seq(named.map(|j| Resource { arn: &j.resource, account: j.account.map(Shown) }))
}

fn decisions<S: Serializer>(judged: &&[Judgement], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(judged.iter().map(decision))
}

/// A decision; a refused one with what explains it.
fn decision(judgement: &Judgement) -> DecisionRecord<'_> {
    let Judgement { action, resource, account, decision, refused } = judgement;
    let record = DecisionRecord::of(action, resource, decision);
    match refused {
        Some(refused) => record.refused(decision, *account, &refused.nearest, &refused.keys),
        None => record,
    }
}
