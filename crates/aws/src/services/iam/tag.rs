//! Tags on everything that can have them.

use garita_app::iam::Tagged;
use garita_model::Tag;
use garita_wire::protocol::xml::XmlWriter;

use super::paged;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// What can have tags.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bearer {
    /// Users.
    User,
    /// Roles.
    Role,
    /// Managed policies.
    Policy,
    /// Instance profiles.
    InstanceProfile,
    /// Virtual MFA devices.
    MfaDevice,
    /// OpenID Connect providers.
    OidcProvider,
    /// SAML providers.
    SamlProvider,
}

impl Bearer {
    fn named(self, call: &Call<'_>) -> Result<Tagged, Refusal> {
        Ok(match self {
            Self::User => Tagged::User(call.parsed("UserName")?),
            Self::Role => Tagged::Role(call.parsed("RoleName")?),
            Self::Policy => Tagged::Policy(call.text("PolicyArn")?),
            Self::OidcProvider => Tagged::OidcProvider(call.text("OpenIDConnectProviderArn")?),
            Self::SamlProvider => Tagged::SamlProvider(call.text("SAMLProviderArn")?),
            Self::MfaDevice => Tagged::MfaDevice(call.text("SerialNumber")?),
            Self::InstanceProfile => Tagged::InstanceProfile(call.parsed("InstanceProfileName")?),
        })
    }
}

pub(crate) async fn put(call: Call<'_>, bearer: Bearer) -> Result<Answer, Refusal> {
    let what = bearer.named(&call)?;
    call.must_have_items("Tags")?;
    call.app.tag(call.cx, what, call.tags()?).await?;
    Ok(Answer::done())
}

pub(crate) async fn remove(call: Call<'_>, bearer: Bearer) -> Result<Answer, Refusal> {
    let what = bearer.named(&call)?;
    call.must_have_items("TagKeys")?;
    call.app.untag(call.cx, what, call.texts("TagKeys")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn list(call: Call<'_>, bearer: Bearer) -> Result<Answer, Refusal> {
    let page = call.app.list_tags(call.cx, &bearer.named(&call)?, &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "Tags", &page, one)))
}

/// One tag.
pub(super) fn one(result: &mut XmlWriter, tag: &Tag) {
    result.text("Key", &tag.key);
    result.text("Value", &tag.value);
}
