//! OpenID Connect providers.

use garita_app::iam::CreateOidcProvider;

use super::tags_if_any;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// The parameter that names a provider.
const ARN: &str = "OpenIDConnectProviderArn";

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreateOidcProvider {
        url: call.text("Url")?,
        client_ids: call.texts("ClientIDList")?,
        thumbprints: call.texts("ThumbprintList")?,
        tags: call.tags()?,
    };
    let tags = input.tags.clone();
    let arn = call.app.create_oidc_provider(call.cx, input).await?;
    Ok(Answer::result(move |result| {
        result.text(ARN, &arn);
        tags_if_any(result, &tags);
    }))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let found = call.app.get_oidc_provider(call.cx, &call.text(ARN)?)?;
    Ok(Answer::result(move |result| {
        result.text("Url", &found.url);
        result.texts("ClientIDList", found.client_ids.iter().map(String::as_str));
        result.texts("ThumbprintList", found.thumbprints.iter().map(String::as_str));
        result.timestamp("CreateDate", found.created);
        tags_if_any(result, &found.tags);
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let arns = call.app.list_oidc_providers(call.cx)?;
    Ok(Answer::result(move |result| {
        result.list("OpenIDConnectProviderList", arns, |w, arn| w.text("Arn", &arn));
    }))
}

pub(crate) async fn update_thumbprints(call: Call<'_>) -> Result<Answer, Refusal> {
    call.must_have_items("ThumbprintList")?;
    call.app.update_oidc_thumbprints(call.cx, &call.text(ARN)?, call.texts("ThumbprintList")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn add_client_id(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.add_oidc_client_id(call.cx, &call.text(ARN)?, call.text("ClientID")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn remove_client_id(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.remove_oidc_client_id(call.cx, &call.text(ARN)?, call.text("ClientID")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_oidc_provider(call.cx, &call.text(ARN)?).await?;
    Ok(Answer::done())
}
