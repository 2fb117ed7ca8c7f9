//! One audit record: what one answered request did. Its JSON has the shape of a CloudTrail event.
//!
//! INVARIANT: no secret, token, signature or body content is ever put in a record.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A record of the trail. Field names and meanings follow CloudTrail's record contents (version 1.11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Version of the record format.
    pub event_version: String,
    /// Who.
    pub user_identity: Value,
    /// When the request arrived (RFC 3339, UTC, seconds).
    pub event_time: String,
    /// `iam.amazonaws.com`, `execute-api.amazonaws.com`, ...
    pub event_source: String,
    /// The operation.
    pub event_name: String,
    /// The region of the signature, or Garita's own.
    pub aws_region: String,
    /// Address of the peer.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// What the client called itself; at most 512 characters.
    pub user_agent: String,
    /// AWS's error code, when the request was refused or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The text the caller got, when the request was refused or failed; without the explanation, which the decisions
    /// of `additional_event_data` hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The parameters, without secrets.
    pub request_parameters: Value,
    /// What was made, without secrets.
    pub response_elements: Value,
    /// Decision, statement, HTTP status, duration: what CloudTrail has no field for.
    pub additional_event_data: Value,
    /// Names the request in reply and log.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// Names this record.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// Whether the operation only reads.
    pub read_only: bool,
    /// What the action was judged on.
    pub resources: Value,
    /// `AwsApiCall`, or `AwsServiceEvent` for Garita's own doing.
    pub event_type: String,
    /// Whether it concerns the control plane.
    pub management_event: bool,
    /// The account it concerns.
    pub recipient_account_id: String,
    /// `Management` or `Data`.
    pub event_category: String,
}
