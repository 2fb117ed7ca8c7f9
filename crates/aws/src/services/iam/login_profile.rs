//! Passwords of users.

use garita_app::iam::{SetPassword, UpdateLoginProfile};
use garita_model::{LoginProfile, Secret, UserName};
use garita_wire::protocol::xml::XmlWriter;

use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = SetPassword {
        user: call.optional("UserName")?,
        password: required(&call, "Password")?,
        reset_required: call.params.boolean("PasswordResetRequired")?.unwrap_or(false),
    };
    let (name, made) = call.app.create_login_profile(call.cx, input).await?;
    Ok(Answer::result(move |result| result.element("LoginProfile", |w| members(w, &name, &made))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, found) = call.app.get_login_profile(call.cx, call.optional("UserName")?)?;
    Ok(Answer::result(move |result| result.element("LoginProfile", |w| members(w, &name, &found))))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = UpdateLoginProfile {
        user: call.parsed("UserName")?,
        password: password(&call, "Password")?,
        reset_required: call.params.boolean("PasswordResetRequired")?,
    };
    call.app.update_login_profile(call.cx, input).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_login_profile(call.cx, call.optional("UserName")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn change_password(call: Call<'_>) -> Result<Answer, Refusal> {
    let (old, new) = (required(&call, "OldPassword")?, required(&call, "NewPassword")?);
    call.app.change_password(call.cx, old, new).await?;
    Ok(Answer::done())
}

fn required(call: &Call<'_>, name: &'static str) -> Result<Secret<String>, Refusal> {
    call.text(name)?;
    password(call, name)?.map_or_else(|| call.text(name).map(Secret::new), Ok)
}

/// `passwordType`.
fn password(call: &Call<'_>, name: &'static str) -> Result<Option<Secret<String>>, Refusal> {
    Ok(call.fits(name, 1..=128, Alphabet::ANY)?.map(Secret::new))
}

fn members(result: &mut XmlWriter, name: &UserName, profile: &LoginProfile) {
    result.text("UserName", name.as_str());
    result.timestamp("CreateDate", profile.created);
    result.boolean("PasswordResetRequired", profile.reset_required);
}
