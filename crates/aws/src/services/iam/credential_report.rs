//! The credential report.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn generate(call: Call<'_>) -> Result<Answer, Refusal> {
    let begun = call.app.generate_credential_report(call.cx)?;
    Ok(Answer::result(move |result| {
        result.text("State", if begun { "STARTED" } else { "COMPLETE" });
        if begun {
            result.text("Description", "No report exists. Starting a new report generation task");
        }
    }))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let report = call.app.credential_report(call.cx)?;
    Ok(Answer::result(move |result| {
        result.text("Content", &STANDARD.encode(report.csv.as_bytes()));
        result.text("ReportFormat", "text/csv");
        result.timestamp("GeneratedTime", report.made);
    }))
}
