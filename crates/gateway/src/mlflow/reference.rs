//! The reference page of the route table, in Markdown.

use std::fmt::Write as _;

use super::{Body, Exposure, Row, Served, rows};

const INTRODUCTION: &str = "\
# MLflow routes

Every route of MLflow 3.18 (3.17.2 has a subset), and what the gateway does with it. A request is judged as
`execute-api:Invoke` on `arn:aws:execute-api:{region}:{account}:{api-id}/{stage}/{METHOD}/{path}` with the path below; what
is served under `/ajax-api` is judged as `/api`. `{}` is one segment, `{*}` one or more. What is not listed is refused.

| method | path | also or only under | operation | body | served |
|---|---|---|---|---|---|
";

/// The page.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for row in rows() {
        let Row { verb, action, .. } = row;
        let served = match row.served {
            Served::Both => "also `/ajax-api`",
            Served::Ajax => "only `/ajax-api`",
            Served::Root => "",
        };
        let body = match row.body {
            Body::None => "none",
            Body::Json => "JSON",
            Body::JsonOptional => "JSON or none",
            Body::Telemetry => "OTLP",
            Body::File => "file",
        };
        let exposure = match row.exposure {
            Exposure::Forward => "yes".to_owned(),
            Exposure::Answered(_) => "by the gateway".to_owned(),
            Exposure::Own(_) => "by the gateway, to whoever is known".to_owned(),
            Exposure::Refused(why) => format!("never: {why}"),
        };
        let path = row.judged_path();
        // INVARIANT: writing to a `String` cannot fail.
        let _ = writeln!(page, "| {verb} | `{path}` | {served} | {action} | {body} | {exposure} |");
    }
    page
}
