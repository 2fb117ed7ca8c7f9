//! Rows of identity providers, and of the account as one.

use super::*;
use crate::services::iam::{oidc_provider, outbound_federation, saml_provider, tag};

const OIDC: &str = "{OpenIDConnectProviderArn}";
const SAML: &str = "{SAMLProviderArn}";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    "iam" "CreateOpenIDConnectProvider" Write "arn:aws:iam::{account}:oidc-provider/{Url}"
        ["Url" "ClientIDList" "ThumbprintList" "Tags"] oidc_provider::create;
    "iam" "GetOpenIDConnectProvider" Read OIDC ["OpenIDConnectProviderArn"] oidc_provider::get;
    "iam" "ListOpenIDConnectProviders" List ANY [] oidc_provider::list;
    "iam" "UpdateOpenIDConnectProviderThumbprint" Write OIDC
        ["OpenIDConnectProviderArn" "ThumbprintList"] oidc_provider::update_thumbprints;
    "iam" "AddClientIDToOpenIDConnectProvider" Write OIDC
        ["OpenIDConnectProviderArn" "ClientID"] oidc_provider::add_client_id;
    "iam" "RemoveClientIDFromOpenIDConnectProvider" Write OIDC
        ["OpenIDConnectProviderArn" "ClientID"] oidc_provider::remove_client_id;
    "iam" "DeleteOpenIDConnectProvider" Write OIDC ["OpenIDConnectProviderArn"] oidc_provider::delete;
    "iam" "TagOpenIDConnectProvider" Tagging OIDC
        ["OpenIDConnectProviderArn" "Tags"] tag::put(tag::Bearer::OidcProvider);
    "iam" "UntagOpenIDConnectProvider" Tagging OIDC
        ["OpenIDConnectProviderArn" "TagKeys"] tag::remove(tag::Bearer::OidcProvider);
    "iam" "ListOpenIDConnectProviderTags" List OIDC
        ["OpenIDConnectProviderArn" "Marker" "MaxItems"] tag::list(tag::Bearer::OidcProvider);

    "iam" "CreateSAMLProvider" Write "arn:aws:iam::{account}:saml-provider/{Name}"
        ["Name" "SAMLMetadataDocument" "Tags"] saml_provider::create;
    "iam" "GetSAMLProvider" Read SAML ["SAMLProviderArn"] saml_provider::get;
    "iam" "ListSAMLProviders" List ANY [] saml_provider::list;
    "iam" "UpdateSAMLProvider" Write SAML ["SAMLProviderArn" "SAMLMetadataDocument"] saml_provider::update;
    "iam" "DeleteSAMLProvider" Write SAML ["SAMLProviderArn"] saml_provider::delete;
    "iam" "TagSAMLProvider" Tagging SAML ["SAMLProviderArn" "Tags"] tag::put(tag::Bearer::SamlProvider);
    "iam" "UntagSAMLProvider" Tagging SAML
        ["SAMLProviderArn" "TagKeys"] tag::remove(tag::Bearer::SamlProvider);
    "iam" "ListSAMLProviderTags" List SAML
        ["SAMLProviderArn" "Marker" "MaxItems"] tag::list(tag::Bearer::SamlProvider);

    "iam" "EnableOutboundWebIdentityFederation" Write ANY [] outbound_federation::enable;
    "iam" "DisableOutboundWebIdentityFederation" Write ANY [] outbound_federation::disable;
    "iam" "GetOutboundWebIdentityFederationInfo" Read ANY [] outbound_federation::get;
};
