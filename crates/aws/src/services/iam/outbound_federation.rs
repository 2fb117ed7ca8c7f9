//! Whether services outside can be told who an account's principals are, and by what issuer.

use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn enable(call: Call<'_>) -> Result<Answer, Refusal> {
    let issuer = call.app.enable_outbound_federation(call.cx).await?;
    Ok(Answer::result(move |result| result.text("IssuerIdentifier", &issuer)))
}

pub(crate) async fn disable(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.disable_outbound_federation(call.cx).await?;
    Ok(Answer::done())
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let issuer = call.app.outbound_federation(call.cx)?;
    Ok(Answer::result(move |result| {
        result.text("IssuerIdentifier", &issuer);
        // Where it is off, the answer is an error.
        result.boolean("JwtVendingEnabled", true);
    }))
}
