//! What each kind of policy may and must hold.
//!
//! | kind | Principal | NotPrincipal | Resource | Sid |
//! |---|---|---|---|---|
//! | identity, boundary, session, service control | refused | refused | required | letters and digits |
//! | trust | required | refused | refused | letters and digits |
//! | resource, endpoint | required (either) | | optional | free |
//! | resource control | required, `*` | refused | required | letters and digits |
//!
//! `NotAction` is refused in trust and resource control policies.
//!
//! IAM User Guide, "JSON policy elements"; AWS Organizations, "SCP syntax", "RCP syntax".

/// What a policy is for, which decides its grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyKind {
    /// Attached to a user, group or role, or inline in one.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Given when a session is made.
    Session,
    /// Who may assume a role.
    Trust,
    /// Attached to a resource.
    Resource,
    /// A service control policy of an organization.
    ServiceControl,
    /// A resource control policy of an organization.
    ResourceControl,
    /// The policy of a VPC endpoint.
    Endpoint,
}

/// Whether an element belongs in a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Element {
    Required,
    Optional,
    Refused,
}

impl PolicyKind {
    pub(super) fn principal(self) -> Element {
        match self {
            Self::Identity | Self::Boundary | Self::Session | Self::ServiceControl => Element::Refused,
            Self::Trust | Self::Resource | Self::ResourceControl | Self::Endpoint => Element::Required,
        }
    }

    pub(super) fn takes_not_principal(self) -> bool {
        matches!(self, Self::Resource | Self::Endpoint)
    }

    pub(super) fn takes_not_action(self) -> bool {
        !matches!(self, Self::ResourceControl | Self::Trust)
    }

    pub(super) fn resource(self) -> Element {
        match self {
            Self::Identity | Self::Boundary | Self::Session => Element::Required,
            Self::ServiceControl | Self::ResourceControl => Element::Required,
            Self::Trust => Element::Refused,
            Self::Resource | Self::Endpoint => Element::Optional,
        }
    }

    pub(super) fn plain_sid(self) -> bool {
        !matches!(self, Self::Resource | Self::Endpoint)
    }

    /// Whether a resource with fewer than six parts goes on with `*`.
    pub(super) fn pads_resources(self) -> bool {
        matches!(self, Self::Identity | Self::Boundary | Self::Session)
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Trust => "role trust policy",
            Self::Resource => "resource-based policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
        }
    }

    /// The name with its article.
    pub(super) fn with_article(self) -> String {
        let article = if self == Self::Identity { "an" } else { "a" };
        format!("{article} {}", self.name())
    }
}
