//! User pools, clients, users and groups, as administrators see them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::door::{Door, told};

/// A door with a pool; its id.
pub(crate) async fn with_pool(settings: Value) -> (Door, String) {
    let door = Door::open().await;
    let mut input = json!({ "PoolName": "people" });
    input.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let (status, made) = door.pools("CreateUserPool", input).await;
    assert_eq!(status, 200, "{made}");
    let id = made["UserPool"]["Id"].as_str().unwrap().to_owned();
    (door, id)
}

/// A reply without what differs from run to run.
fn shown(reply: &(u16, Value), drawn: &[(&str, &str)]) -> String {
    let mut text = serde_json::to_string_pretty(&reply.1).unwrap();
    for (value, name) in drawn {
        text = text.replace(value, &format!("[{name}]"));
    }
    format!("{}\n{text}", reply.0)
}

async fn user(door: &Door, pool: &str, name: &str, attributes: Value) -> (u16, Value) {
    let input = json!({
        "UserPoolId": pool, "Username": name, "UserAttributes": attributes, "MessageAction": "SUPPRESS",
    });
    door.pools("AdminCreateUser", input).await
}

#[tokio::test]
async fn a_pool_is_made_shown_changed_and_deleted() {
    let (door, id) = with_pool(json!({
        "Policies": { "PasswordPolicy": { "MinimumLength": 12, "RequireNumbers": true } },
        "UsernameConfiguration": { "CaseSensitive": false },
        "Schema": [{ "Name": "team", "AttributeDataType": "String", "Mutable": true }],
        "UserPoolTags": { "team": "vision" },
    }))
    .await;
    let of_pool = json!({ "UserPoolId": id });
    let (status, mut found) = door.pools("DescribeUserPool", of_pool.clone()).await;
    let attributes = found["UserPool"]["SchemaAttributes"].take();
    assert_eq!(attributes.as_array().unwrap().len(), 21);
    assert_eq!(attributes[20]["Name"], "custom:team");
    assert_snapshot!(shown(&(status, found), &[(&id, "pool")]));
    assert_snapshot!(shown(
        &door.pools("ListUserPools", json!({ "MaxResults": 10 })).await,
        &[(&id, "pool")]
    ));

    let protect = json!({ "UserPoolId": id, "DeletionProtection": "ACTIVE", "UserPoolTags": {} });
    assert_eq!(told(&door.pools("UpdateUserPool", protect).await), "200");
    assert!(
        told(&door.pools("DeleteUserPool", of_pool.clone()).await)
            .contains("deletion protection is activated")
    );
    let open = json!({ "UserPoolId": id });
    assert_eq!(told(&door.pools("UpdateUserPool", open).await), "200");
    user(&door, &id, "ana", json!([])).await;
    assert_eq!(told(&door.pools("DeleteUserPool", of_pool.clone()).await), "200");
    let gone = format!("400 ResourceNotFoundException: User pool {id} does not exist.");
    for operation in ["DeleteUserPool", "DescribeUserPool", "ListGroups", "ListUsers"] {
        assert_eq!(told(&door.pools(operation, of_pool.clone()).await), gone);
    }
    assert_eq!(door.garita.app.snapshot().objects().count(), 2, "the account and its key are left");
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_and_change_nothing() {
    let door = Door::open().await;
    for (settings, why) in [
        (json!({ "PoolName": "a/b" }), "poolName"),
        (json!({ "PoolName": "p", "Policies": { "PasswordPolicy": { "MinimumLength": 5 } } }), "6 to 99"),
        (json!({ "PoolName": "p", "AutoVerifiedAttributes": ["phone_number"] }), "no text messages"),
        (json!({ "PoolName": "p", "MfaConfiguration": "MAYBE" }), "MAYBE"),
        (
            json!({ "PoolName": "p", "Schema": [{ "Name": "x", "Required": true }] }),
            "Required custom attributes",
        ),
        (
            json!({ "PoolName": "p", "Schema": [{ "Name": "email", "AttributeDataType": "Number" }] }),
            "AttributeDataType",
        ),
        (json!({ "PoolName": "p", "UserPoolTags": { "aws:x": "y" } }), "reserved"),
    ] {
        let reply = told(&door.pools("CreateUserPool", settings).await);
        assert!(reply.starts_with("400 InvalidParameterException") && reply.contains(why), "{reply}");
    }
    let (_, listed) = door.pools("ListUserPools", json!({ "MaxResults": 10 })).await;
    assert_eq!(listed["UserPools"], json!([]));
}

#[tokio::test]
async fn a_client_is_made_shown_changed_and_deleted() {
    let (door, pool) = with_pool(json!({})).await;
    let input = json!({
        "UserPoolId": pool, "ClientName": "web", "GenerateSecret": true,
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "AccessTokenValidity": 15, "TokenValidityUnits": { "AccessToken": "minutes" },
        "CallbackURLs": ["https://a.example/back"],
    });
    let made = door.pools("CreateUserPoolClient", input).await;
    let client = made.1["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let secret = made.1["UserPoolClient"]["ClientSecret"].as_str().unwrap().to_owned();
    assert_eq!((client.len(), secret.len()), (26, 52));
    assert_snapshot!(shown(&made, &[(&pool, "pool"), (&client, "client"), (&secret, "secret")]));
    let named = json!({ "UserPoolId": pool, "ClientId": client });
    assert_eq!(door.pools("DescribeUserPoolClient", named.clone()).await.1, made.1);
    for (member, value, why) in [
        ("AuthSessionValidity", json!(2), "3 to 15"),
        ("CallbackURLs", json!(["http://a.example/"]), "not a redirect URI"),
        ("AccessTokenValidity", json!(25), "1 day"),
        ("ExplicitAuthFlows", json!(["ALLOW_CUSTOM_AUTH"]), "ALLOW_CUSTOM_AUTH"),
        ("ReadAttributes", json!(["custom:absent"]), "custom:absent"),
    ] {
        let reply = told(
            &door
                .pools(
                    "UpdateUserPoolClient",
                    json!({ "UserPoolId": pool, "ClientId": client, member: value }),
                )
                .await,
        );
        assert!(reply.starts_with("400 InvalidParameterException") && reply.contains(why), "{reply}");
    }
    assert_eq!(door.pools("DescribeUserPoolClient", named.clone()).await.1, made.1);
    assert_eq!(told(&door.pools("DeleteUserPoolClient", named.clone()).await), "200");
    assert!(
        told(&door.pools("DescribeUserPoolClient", named).await).starts_with("400 ResourceNotFoundException")
    );
}

#[tokio::test]
async fn a_user_goes_through_its_states() {
    let (door, pool) = with_pool(json!({})).await;
    let email = json!([{ "Name": "email", "Value": "ana@example.com" }, { "Name": "email_verified", "Value": "true" }]);
    let made = user(&door, &pool, "ana", email).await;
    let sub = made.1["User"]["Attributes"][2]["Value"].as_str().unwrap().to_owned();
    assert_snapshot!(shown(&made, &[(&sub, "sub")]));
    assert_eq!(
        told(&user(&door, &pool, "ANA", json!([])).await),
        "400 UsernameExistsException: User account already exists"
    );
    let ana = json!({ "UserPoolId": pool, "Username": "ana" });
    let with = |more: Value| {
        let mut input = ana.clone();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let weak = with(json!({ "Password": "short", "Permanent": true }));
    assert_eq!(
        told(&door.pools("AdminSetUserPassword", weak).await),
        "400 InvalidPasswordException: Password did not conform with policy: Password not long enough"
    );
    let good = with(json!({ "Password": "Tell-nobody-1", "Permanent": true }));
    assert_eq!(told(&door.pools("AdminSetUserPassword", good).await), "200");
    assert_eq!(told(&door.pools("AdminDisableUser", ana.clone()).await), "200");
    let change = with(json!({ "UserAttributes": [{ "Name": "email", "Value": "new@example.com" }] }));
    assert_eq!(told(&door.pools("AdminUpdateUserAttributes", change).await), "200");
    assert_snapshot!(shown(&door.pools("AdminGetUser", ana.clone()).await, &[(&sub, "sub")]));
    assert_eq!(told(&door.pools("AdminEnableUser", ana.clone()).await), "200");
    for (operation, more, why) in [
        (
            "AdminConfirmSignUp",
            json!({}),
            "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED",
        ),
        (
            "AdminUpdateUserAttributes",
            json!({ "UserAttributes": [{ "Name": "sub", "Value": "x" }] }),
            "InvalidParameterException: Attributes did not conform to the schema: sub: Attribute does not exist in the schema.",
        ),
        (
            "AdminUpdateUserAttributes",
            json!({ "UserAttributes": [{ "Name": "email", "Value": "a@b@c\r\nBcc: x" }] }),
            "InvalidParameterException: Attributes did not conform to the schema: email",
        ),
    ] {
        let reply = told(&door.pools(operation, with(more)).await);
        assert!(reply.starts_with(&format!("400 {why}")), "{reply}");
    }
    let by_sub = door.pools("AdminGetUser", json!({ "UserPoolId": pool, "Username": sub })).await;
    assert_eq!(by_sub.1["Username"], "ana");
    assert_eq!(told(&door.pools("AdminDeleteUser", ana.clone()).await), "200");
    assert_eq!(
        told(&door.pools("AdminDeleteUser", ana).await),
        "400 UserNotFoundException: User does not exist."
    );
}

#[tokio::test]
async fn users_are_listed_in_parts_and_by_filter() {
    let (door, pool) = with_pool(json!({ "AliasAttributes": ["email"] })).await;
    for n in 0..5 {
        let email = json!([{ "Name": "email", "Value": format!("u{n}@example.com") }]);
        assert_eq!(told(&user(&door, &pool, &format!("user{n}"), email).await), "200");
    }
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let (_, page) = door
            .pools("ListUsers", json!({ "UserPoolId": pool, "Limit": 2, "PaginationToken": token }))
            .await;
        seen.extend(
            page["Users"].as_array().unwrap().iter().map(|u| u["Username"].as_str().unwrap().to_owned()),
        );
        match page.get("PaginationToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["user0", "user1", "user2", "user3", "user4"]);
    for (filter, count) in [
        ("username = \"user3\"", 1),
        ("username ^= \"user\"", 5),
        ("email = \"u1@example.com\"", 1),
        ("email ^= \"u\"", 5),
        ("cognito:user_status = \"CONFIRMED\"", 0),
        ("cognito:user_status = \"FORCE_CHANGE_PASSWORD\"", 5),
        ("status = \"Enabled\"", 5),
    ] {
        let (_, page) = door.pools("ListUsers", json!({ "UserPoolId": pool, "Filter": filter })).await;
        assert_eq!(page["Users"].as_array().unwrap().len(), count, "{filter}");
    }
    let wrong = door.pools("ListUsers", json!({ "UserPoolId": pool, "Filter": "email > \"a\"" })).await;
    assert!(told(&wrong).starts_with("400 InvalidParameterException: Error while parsing filter"));
    let forged = door.pools("ListUsers", json!({ "UserPoolId": pool, "PaginationToken": "AAAA" })).await;
    assert_eq!(told(&forged), "400 InvalidParameterException: Invalid Marker.");
}

#[tokio::test]
async fn addresses_are_names_or_aliases_of_one_user() {
    let (door, pool) = with_pool(json!({ "AliasAttributes": ["email"] })).await;
    let proved = |email: &str| json!([{ "Name": "email", "Value": email }, { "Name": "email_verified", "Value": "true" }]);
    assert_eq!(told(&user(&door, &pool, "ana", proved("a@example.com")).await), "200");
    assert!(told(&user(&door, &pool, "b@example.com", json!([])).await).contains("email format"));
    let taken = user(&door, &pool, "bo", proved("a@example.com")).await;
    assert_eq!(told(&taken), "400 AliasExistsException: An account with the email already exists.");
    let found = door.pools("AdminGetUser", json!({ "UserPoolId": pool, "Username": "a@example.com" })).await;
    assert_eq!(found.1["Username"], "ana");
    let force = json!({
        "UserPoolId": pool, "Username": "bo", "UserAttributes": proved("a@example.com"), "ForceAliasCreation": true,
    });
    assert_eq!(told(&door.pools("AdminCreateUser", force).await), "200");
    let found = door.pools("AdminGetUser", json!({ "UserPoolId": pool, "Username": "a@example.com" })).await;
    assert_eq!(found.1["Username"], "bo");
    door.garita.mail.take();

    let (door, pool) = with_pool(
        json!({ "UsernameAttributes": ["email"], "UsernameConfiguration": { "CaseSensitive": false } }),
    )
    .await;
    let made = user(&door, &pool, "Ana@Example.com", json!([])).await;
    assert_eq!(made.1["User"]["Attributes"][0]["Value"], "Ana@Example.com");
    assert_eq!(made.1["User"]["Username"], made.1["User"]["Attributes"][1]["Value"], "the name is the sub");
    assert!(
        told(&user(&door, &pool, "ana@example.com", json!([])).await)
            .starts_with("400 UsernameExistsException")
    );
    assert!(told(&user(&door, &pool, "ana", json!([])).await).contains("should be either an email"));
    let input = json!({ "UserPoolId": pool, "Username": "bo@example.com" });
    assert_eq!(told(&door.pools("AdminCreateUser", input).await), "200");
    let [invitation] = door.garita.mail.take().try_into().ok().unwrap();
    assert!(invitation.text.contains("your user name is bo@example.com and your temporary password is "));
}

#[tokio::test]
async fn groups_have_members_and_lose_them() {
    let (door, pool) = with_pool(json!({})).await;
    user(&door, &pool, "ana", json!([])).await;
    let group = json!({ "UserPoolId": pool, "GroupName": "readers", "Description": "d", "Precedence": 3,
        "RoleArn": "arn:aws:iam::111122223333:role/reader" });
    assert_snapshot!(shown(&door.pools("CreateGroup", group.clone()).await, &[(&pool, "pool")]));
    assert_eq!(
        told(&door.pools("CreateGroup", group).await),
        "400 GroupExistsException: A group with the name already exists."
    );
    let member = json!({ "UserPoolId": pool, "GroupName": "readers", "Username": "ana" });
    let absent = json!({ "UserPoolId": pool, "GroupName": "absent", "Username": "ana" });
    assert_eq!(
        told(&door.pools("AdminAddUserToGroup", absent).await),
        "400 ResourceNotFoundException: Group not found."
    );
    for _ in 0..2 {
        assert_eq!(told(&door.pools("AdminAddUserToGroup", member.clone()).await), "200");
    }
    let in_group = json!({ "UserPoolId": pool, "GroupName": "readers" });
    let of_user = json!({ "UserPoolId": pool, "Username": "ana" });
    let count = async || {
        let (_, users) = door.pools("ListUsersInGroup", in_group.clone()).await;
        let (_, groups) = door.pools("AdminListGroupsForUser", of_user.clone()).await;
        (users["Users"].as_array().map_or(0, Vec::len), groups["Groups"].as_array().unwrap().len())
    };
    assert_eq!(count().await, (1, 1));
    assert_eq!(told(&door.pools("AdminRemoveUserFromGroup", member.clone()).await), "200");
    assert_eq!(count().await, (0, 0));
    door.pools("AdminAddUserToGroup", member).await;
    let change = json!({ "UserPoolId": pool, "GroupName": "readers", "Precedence": 1 });
    let (_, changed) = door.pools("UpdateGroup", change).await;
    assert_eq!((&changed["Group"]["Precedence"], &changed["Group"]["Description"]), (&json!(1), &json!("d")));
    assert_eq!(told(&door.pools("DeleteGroup", in_group.clone()).await), "200");
    assert_eq!(count().await, (0, 0));
    let bad =
        json!({ "UserPoolId": pool, "GroupName": "x", "RoleArn": "arn:aws:iam::111122223333:user/ana" });
    assert!(told(&door.pools("CreateGroup", bad).await).contains("no ARN of a role"));
}

#[tokio::test]
async fn the_trail_names_users_and_holds_no_secret() {
    let (door, pool) = with_pool(json!({})).await;
    let email = json!([{ "Name": "email", "Value": "ana@example.com" }]);
    user(&door, &pool, "ana", email).await;
    let input =
        json!({ "UserPoolId": pool, "Username": "ana", "Password": "Tell-nobody-1", "Permanent": true });
    door.pools("AdminSetUserPassword", input).await;
    door.garita.app.close();
    let folder = door.garita.folder().join("audit");
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        all.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default());
    }
    assert!(all.contains("AdminSetUserPassword") && all.contains(&pool) && all.contains("\"sub\":"));
    assert!(!all.contains("Tell-nobody") && !all.contains("ana@example.com"));
}

/// What asks a second factor of a group goes when somebody says so, and not by being left out.
#[tokio::test]
async fn a_demand_for_a_second_factor_is_not_lost_among_other_tags() {
    let tags = json!({ "garita:require-mfa/admins": "true", "garita:require-mfa/guests": "false", "team": "vision" });
    let (door, id) = with_pool(json!({ "UserPoolTags": tags })).await;
    let update = async |more: Value| {
        let mut input = json!({ "UserPoolId": id });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        told(&door.pools("UpdateUserPool", input).await)
    };
    let kept = async || {
        let found = door.pools("DescribeUserPool", json!({ "UserPoolId": id })).await.1;
        found["UserPool"]["UserPoolTags"].clone()
    };
    assert_eq!(update(json!({})).await, "200");
    assert_eq!(kept().await, tags, "tags that are not named stay");
    for lacking in [json!({}), json!({ "team": "speech", "garita:require-mfa/guests": "false" })] {
        let refused = update(json!({ "UserPoolTags": lacking })).await;
        assert!(refused.starts_with("400 InvalidParameterException: "), "{refused}");
        assert!(
            refused.contains("`garita:require-mfa/admins`") && refused.contains("UntagResource"),
            "{refused}"
        );
        assert_eq!(kept().await, tags);
    }
    for given in
        [json!({ "garita:require-mfa/admins": "true" }), json!({ "garita:require-mfa/admins": "false" })]
    {
        assert_eq!(update(json!({ "UserPoolTags": given })).await, "200");
        assert_eq!(kept().await, given, "as it was said");
    }
    assert_eq!(update(json!({ "UserPoolTags": {} })).await, "200", "there is no demand any more");
}
