//! SSH public keys of users.

use garita_model::{SshPublicKey, UserName};
use garita_wire::protocol::xml::XmlWriter;

use super::access_key::{STATUS, status};
use super::more;
use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `encodingType`: whether as PEM.
const ENCODING: &[(&str, bool)] = &[("SSH", false), ("PEM", true)];

pub(crate) async fn upload(call: Call<'_>) -> Result<Answer, Refusal> {
    call.fits("SSHPublicKeyBody", 1..=16_384, Alphabet::ANY)?;
    let (user, body) = (call.parsed("UserName")?, call.text("SSHPublicKeyBody")?);
    let (name, made) = call.app.upload_ssh_public_key(call.cx, user, body).await?;
    Ok(Answer::result(move |result| result.element("SSHPublicKey", |w| whole(w, &name, &made))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, id): (UserName, _) = (call.parsed("UserName")?, call.text("SSHPublicKeyId")?);
    call.text("Encoding")?;
    let as_pem = call.one_of("Encoding", ENCODING)?.unwrap_or_default();
    let (name, found) = call.app.get_ssh_public_key(call.cx, &user, &id, as_pem)?;
    Ok(Answer::result(move |result| result.element("SSHPublicKey", |w| whole(w, &name, &found))))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let user = call.optional("UserName")?;
    let (name, page) = call.app.list_ssh_public_keys(call.cx, user, &call.page()?)?;
    Ok(Answer::result(move |result| {
        result.list("SSHPublicKeys", &page.items, |w, key| {
            named(w, &name, key);
            dated(w, key);
        });
        more(result, page.marker.as_deref());
    }))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (call.parsed("UserName")?, call.text("SSHPublicKeyId")?);
    call.text("Status")?;
    let Some(status) = call.one_of("Status", STATUS)? else { return Ok(Answer::done()) };
    call.app.update_ssh_public_key(call.cx, user, id, status).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (call.parsed("UserName")?, call.text("SSHPublicKeyId")?);
    call.app.delete_ssh_public_key(call.cx, user, id).await?;
    Ok(Answer::done())
}

fn whole(result: &mut XmlWriter, user: &UserName, key: &SshPublicKey) {
    named(result, user, key);
    result.text("Fingerprint", &key.fingerprint);
    result.text("SSHPublicKeyBody", &key.body);
    dated(result, key);
}

fn named(result: &mut XmlWriter, user: &UserName, key: &SshPublicKey) {
    result.text("UserName", user.as_str());
    result.text("SSHPublicKeyId", key.id.as_str());
}

fn dated(result: &mut XmlWriter, key: &SshPublicKey) {
    result.text("Status", status(key.status));
    result.timestamp("UploadDate", key.uploaded);
}
