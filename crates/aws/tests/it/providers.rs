//! Identity providers.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn an_oidc_provider_is_made_shown_and_deleted() {
    let door = Door::open().await;
    const ARN: (&str, &str) =
        ("OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/idp.example");
    let make = [
        ("Action", "CreateOpenIDConnectProvider"),
        ("Url", "https://idp.example"),
        ("ClientIDList.member.1", "app"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "vision"),
    ];
    assert_snapshot!(door.iam(&make).await, @r"
    200 CreateOpenIDConnectProvider
    <OpenIDConnectProviderArn>arn:aws:iam::111122223333:oidc-provider/idp.example</OpenIDConnectProviderArn><Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags>
    ");
    assert_snapshot!(door.iam(&make).await, @"409 EntityAlreadyExists: Provider with url https://idp.example already exists.");
    assert_snapshot!(door.iam(&[("Action", "GetOpenIDConnectProvider"), ARN]).await, @r"
    200 GetOpenIDConnectProvider
    <Url>idp.example</Url><ClientIDList>
    <member>app</member>
    </ClientIDList><ThumbprintList/><CreateDate>2026-03-01T12:00:00Z</CreateDate><Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListOpenIDConnectProviders")]).await, @r"
    200 ListOpenIDConnectProviders
    <OpenIDConnectProviderList>
    <member><Arn>arn:aws:iam::111122223333:oidc-provider/idp.example</Arn></member>
    </OpenIDConnectProviderList>
    ");
    let add = [("Action", "AddClientIDToOpenIDConnectProvider"), ARN, ("ClientID", "two")];
    assert_snapshot!(door.iam(&add).await, @"200 AddClientIDToOpenIDConnectProvider");
    assert_snapshot!(door.iam(&[("Action", "ListOpenIDConnectProviderTags"), ARN]).await, @r"
    200 ListOpenIDConnectProviderTags
    <Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteOpenIDConnectProvider"), ARN]).await, @"200 DeleteOpenIDConnectProvider");
    assert_snapshot!(door.iam(&[("Action", "GetOpenIDConnectProvider"), ARN]).await, @"404 NoSuchEntity: OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/idp.example");
}

#[tokio::test]
async fn a_saml_provider_is_made_shown_and_deleted() {
    let door = Door::open().await;
    const ARN: (&str, &str) = ("SAMLProviderArn", "arn:aws:iam::111122223333:saml-provider/corp");
    let metadata =
        format!(r#"<EntityDescriptor entityID="x"><!--{}--></EntityDescriptor>"#, "x".repeat(1_000));
    let make =
        |metadata| [("Action", "CreateSAMLProvider"), ("Name", "corp"), ("SAMLMetadataDocument", metadata)];
    assert_snapshot!(door.iam(&make("<a/>")).await, @"400 ValidationError: 1 validation error detected: Value at 'sAMLMetadataDocument' failed to satisfy constraint: Member must have length greater than or equal to 1000");
    assert_snapshot!(door.iam(&make(&metadata)).await, @r"
    200 CreateSAMLProvider
    <SAMLProviderArn>arn:aws:iam::111122223333:saml-provider/corp</SAMLProviderArn>
    ");
    assert!(
        door.iam(&[("Action", "GetSAMLProvider"), ARN])
            .await
            .contains("&lt;EntityDescriptor entityID=&quot;x&quot;&gt;")
    );
    assert_snapshot!(door.iam(&[("Action", "ListSAMLProviders")]).await, @r"
    200 ListSAMLProviders
    <SAMLProviderList>
    <member><Arn>arn:aws:iam::111122223333:saml-provider/corp</Arn><ValidUntil>2126-03-02T12:00:00Z</ValidUntil><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </SAMLProviderList>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateSAMLProvider"), ARN, ("SAMLMetadataDocument", &metadata)]).await, @r"
    200 UpdateSAMLProvider
    <SAMLProviderArn>arn:aws:iam::111122223333:saml-provider/corp</SAMLProviderArn>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteSAMLProvider"), ARN]).await, @"200 DeleteSAMLProvider");
    assert_snapshot!(door.iam(&[("Action", "DeleteSAMLProvider"), ARN]).await, @"404 NoSuchEntity: Manifest not found for arn arn:aws:iam::111122223333:saml-provider/corp");
}
