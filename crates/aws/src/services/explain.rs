//! STS: what stands behind the encoded message of a refusal. API reference 2011-06-15.

use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn decode_authorization_message(call: Call<'_>) -> Result<Answer, Refusal> {
    let encoded = call.text("EncodedMessage")?;
    call.fits("EncodedMessage", 1..=10_240, Alphabet::ANY)?;
    let decoded = call.app.decode_authorization_message(call.cx, &encoded).await?;
    Ok(Answer::result(move |result| result.text("DecodedMessage", &decoded)))
}
