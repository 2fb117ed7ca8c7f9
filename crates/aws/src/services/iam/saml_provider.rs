//! SAML providers.

use garita_model::SamlProviderName;

use super::tags_if_any;
use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// The parameter that names a provider.
const ARN: &str = "SAMLProviderArn";

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, tags): (SamlProviderName, _) = (call.parsed("Name")?, call.tags()?);
    let arn = call.app.create_saml_provider(call.cx, name, metadata(&call)?, tags.clone()).await?;
    Ok(Answer::result(move |result| {
        result.text(ARN, &arn);
        tags_if_any(result, &tags);
    }))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let found = call.app.get_saml_provider(call.cx, &call.text(ARN)?)?;
    Ok(Answer::result(move |result| {
        result.text("SAMLMetadataDocument", &found.metadata);
        result.timestamp("CreateDate", found.created);
        result.timestamp("ValidUntil", found.valid_until);
        tags_if_any(result, &found.tags);
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let providers = call.app.list_saml_providers(call.cx)?;
    Ok(Answer::result(move |result| {
        result.list("SAMLProviderList", providers, |w, (arn, provider)| {
            w.text("Arn", &arn);
            w.timestamp("ValidUntil", provider.valid_until);
            w.timestamp("CreateDate", provider.created);
        });
    }))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let arn = call.text(ARN)?;
    call.app.update_saml_provider(call.cx, &arn, metadata(&call)?).await?;
    Ok(Answer::result(move |result| result.text(ARN, &arn)))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_saml_provider(call.cx, &call.text(ARN)?).await?;
    Ok(Answer::done())
}

/// `SAMLMetadataDocumentType`.
fn metadata(call: &Call<'_>) -> Result<String, Refusal> {
    call.fits("SAMLMetadataDocument", 1_000..=10_000_000, Alphabet::ANY)?;
    call.text("SAMLMetadataDocument")
}
