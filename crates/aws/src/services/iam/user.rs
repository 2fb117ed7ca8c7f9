//! Users.

use std::sync::Arc;

use garita_app::iam::{CreateUser, FoundUser, UpdateUser};
use garita_model::{Account, User, UserName};
use garita_wire::protocol::xml::XmlWriter;
use jiff::Timestamp;

use super::{arn, boundary_if_any, paged, tags_if_any};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreateUser {
        name: call.parsed("UserName")?,
        path: call.optional("Path")?.unwrap_or_default(),
        boundary: call.optional_text("PermissionsBoundary"),
        tags: call.tags()?,
    };
    let user = call.app.create_user(call.cx, input).await?;
    Ok(Answer::result(move |result| result.element("User", |w| whole(w, &user))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let name: Option<UserName> = call.optional("UserName")?;
    Ok(match call.app.get_user(call.cx, name.as_ref())? {
        FoundUser::User(user) => {
            let used = call.app.password_last_used(&user);
            Answer::result(move |result| {
                result.element("User", |w| {
                    whole(w, &user);
                    password_use(w, used);
                });
            })
        }
        FoundUser::Root(account) => {
            Answer::result(move |result| result.element("User", |w| root(w, &account)))
        }
    })
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_users(call.cx, call.params.string("PathPrefix"), &call.page()?)?;
    let app = Arc::clone(call.app);
    Ok(Answer::result(move |result| {
        paged(result, "Users", &page, |w, user| {
            listed(w, user);
            password_use(w, app.password_last_used(user));
        });
    }))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = UpdateUser {
        name: call.parsed("UserName")?,
        new_name: call.optional("NewUserName")?,
        new_path: call.optional("NewPath")?,
    };
    call.app.update_user(call.cx, input).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_user(call.cx, call.parsed("UserName")?).await?;
    Ok(Answer::done())
}

/// A user in a list: without boundary and tags.
pub(super) fn listed(result: &mut XmlWriter, user: &User) {
    result.text("Path", user.path.as_str());
    result.text("UserName", user.name.as_str());
    result.text("UserId", user.id.as_str());
    arn(result, user.arn());
    result.timestamp("CreateDate", user.created);
}

/// When the password was last used: `GetUser` and `ListUsers` alone tell.
fn password_use(result: &mut XmlWriter, used: Option<Timestamp>) {
    if let Some(used) = used {
        result.timestamp("PasswordLastUsed", used);
    }
}

fn whole(result: &mut XmlWriter, user: &User) {
    listed(result, user);
    boundary_if_any(result, user.boundary.as_deref());
    tags_if_any(result, &user.tags);
}

/// The root user has neither name nor path; its id is the account's.
fn root(result: &mut XmlWriter, account: &Account) {
    result.text("UserId", &account.id.to_string());
    result.text("Arn", &format!("arn:aws:iam::{}:root", account.id));
    result.timestamp("CreateDate", account.created);
}
