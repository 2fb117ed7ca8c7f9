//! Identity providers: known by issuer or by name.

use garita_app::iam::{CreateOidcProvider, Tagged};
use garita_model::Result;

use super::{Office, first};
use crate::stage::{tag, told};

const OIDC: &str = "arn:aws:iam::111122223333:oidc-provider/idp.example/realm";
const SAML: &str = "arn:aws:iam::111122223333:saml-provider/corp";

async fn oidc(office: &Office, url: &str) -> Result<String> {
    let input = CreateOidcProvider {
        url: url.to_owned(),
        client_ids: vec!["app".to_owned(), "app".to_owned()],
        thumbprints: vec!["A".repeat(40)],
        tags: vec![tag("a", "b")],
    };
    office.app().create_oidc_provider(&office.root, input).await
}

async fn saml(office: &Office, metadata: &str) -> Result<String> {
    let name = "corp".parse().unwrap();
    office.app().create_saml_provider(&office.root, name, metadata.to_owned(), Vec::new()).await
}

#[tokio::test]
async fn an_oidc_provider_is_known_by_its_issuer() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    assert_eq!(oidc(&office, "https://idp.example/realm/").await.unwrap(), OIDC);
    let twice = "EntityAlreadyExists: Provider with url https://idp.example/realm already exists.";
    assert_eq!(told(oidc(&office, "https://idp.example/realm").await), twice);
    for url in
        ["http://idp.example", "https://", "https:///x", "https://idp.example/?q", "https://a b", "idp"]
    {
        assert!(told(oidc(&office, url).await).starts_with("ValidationError: Invalid Open ID"), "{url}");
    }
    let found = app.get_oidc_provider(root, OIDC).unwrap();
    assert_eq!(
        (found.client_ids.as_slice(), found.thumbprints[0].as_str()),
        (&["app".to_owned()][..], &*"a".repeat(40))
    );
    app.add_oidc_client_id(root, OIDC, "two".to_owned()).await.unwrap();
    app.add_oidc_client_id(root, OIDC, "two".to_owned()).await.unwrap();
    app.remove_oidc_client_id(root, OIDC, "app".to_owned()).await.unwrap();
    app.update_oidc_thumbprints(root, OIDC, Vec::new()).await.unwrap();
    assert!(
        told(app.update_oidc_thumbprints(root, OIDC, vec!["x".to_owned()]).await)
            .starts_with("ValidationError")
    );
    let found = app.get_oidc_provider(root, OIDC).unwrap();
    assert_eq!((found.client_ids.as_slice(), found.thumbprints.len()), (&["two".to_owned()][..], 0));
    let what = Tagged::OidcProvider(OIDC.to_owned());
    assert_eq!(app.list_tags(root, &what, &first()).unwrap().items, [tag("a", "b")]);
    assert_eq!(app.list_oidc_providers(root).unwrap(), [OIDC]);

    let (_, foreign) = office.garita.another_account("other").await;
    let stranger = office.garita.context(&foreign).unwrap();
    assert!(told(app.get_oidc_provider(&stranger, OIDC)).starts_with("NoSuchEntity"));
    app.delete_oidc_provider(root, OIDC).await.unwrap();
    let gone = format!("NoSuchEntity: OpenIDConnect Provider not found for arn {OIDC}");
    assert_eq!(told(app.delete_oidc_provider(root, OIDC).await), gone);
}

#[tokio::test]
async fn a_saml_provider_has_metadata_that_can_be_read() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let unreadable = "InvalidInput: Could not parse metadata";
    for text in [
        "",
        "no xml",
        "<a/>",
        "<EntityDescriptor/>",
        r#"<!DOCTYPE x><EntityDescriptor entityID="x"/>"#,
        r#"<EntityDescriptor entityID="x"></Other>"#,
        r#"<EntityDescriptor entityID="x" validUntil="soon"/>"#,
    ] {
        assert_eq!(told(saml(&office, text).await), unreadable, "{text}");
    }
    let until = r#"<md:EntityDescriptor xmlns:md="m" entityID="x" validUntil="2027-01-01T00:00:00Z"/>"#;
    assert_eq!(saml(&office, until).await.unwrap(), SAML);
    let twice = "EntityAlreadyExists: SAMLProvider with name corp already exists.";
    assert_eq!(told(saml(&office, until).await), twice);
    assert_eq!(app.get_saml_provider(root, SAML).unwrap().valid_until.to_string(), "2027-01-01T00:00:00Z");
    let open = r#"<EntityDescriptor entityID="y"/>"#;
    app.update_saml_provider(root, SAML, open.to_owned()).await.unwrap();
    let found = &app.list_saml_providers(root).unwrap()[0];
    assert_eq!((found.0.as_str(), found.1.metadata.as_str()), (SAML, open));
    assert!(found.1.valid_until.to_string().starts_with("2126-"));
    app.tag(root, Tagged::SamlProvider(SAML.to_owned()), vec![tag("a", "b")]).await.unwrap();
    app.delete_saml_provider(root, SAML).await.unwrap();
    assert!(told(app.get_saml_provider(root, SAML)).starts_with("NoSuchEntity"));
}
