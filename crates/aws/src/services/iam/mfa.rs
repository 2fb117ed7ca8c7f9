//! Virtual MFA devices.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_app::iam::{CreateMfaDevice, MfaCodes, MfaDetail, MfaStatus};
use garita_model::{Error, MfaDeviceName};
use garita_wire::protocol::xml::XmlWriter;

use super::{paged, qr_code, tags_if_any, user};
use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `assignmentStatusType`.
const STATUS: &[(&str, MfaStatus)] =
    &[("Assigned", MfaStatus::Assigned), ("Unassigned", MfaStatus::Unassigned), ("Any", MfaStatus::Any)];
/// `serialNumberType`.
pub(crate) const SERIAL: Alphabet = Alphabet { pattern: r"[\w+=/:,.@-]+", besides_word: Some("+=/:,.@-") };

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let name: MfaDeviceName = call.parsed("VirtualMFADeviceName")?;
    let path = call.optional("Path")?.unwrap_or_default();
    let input = CreateMfaDevice { name, path, tags: call.tags()? };
    let made = call.app.create_virtual_mfa_device(call.cx, input).await?;
    let image = qr_code::png(made.uri.expose())
        .ok_or_else(|| Error::internal("a seed does not fit into a QR code"))?;
    Ok(Answer::result(move |result| {
        result.element("VirtualMFADevice", |w| {
            w.text("SerialNumber", &made.serial);
            w.text("Base32StringSeed", &STANDARD.encode(made.seed.expose()));
            w.text("QRCodePNG", &STANDARD.encode(image));
            tags_if_any(w, &made.tags);
        });
    }))
}

pub(crate) async fn list_virtual(call: Call<'_>) -> Result<Answer, Refusal> {
    let status = call.one_of("AssignmentStatus", STATUS)?.unwrap_or_default();
    let page = call.app.list_virtual_mfa_devices(call.cx, status, &call.page()?)?;
    Ok(Answer::result(move |result| {
        paged(result, "VirtualMFADevices", &page, |w, device| {
            w.text("SerialNumber", &device.serial);
            if let Some((holder, since)) = &device.holder {
                w.element("User", |w| user::listed(w, holder));
                w.timestamp("EnableDate", *since);
            }
        });
    }))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_virtual_mfa_device(call.cx, &serial(&call)?).await?;
    Ok(Answer::done())
}

pub(crate) async fn enable(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, serial, codes) = (call.parsed("UserName")?, serial(&call)?, codes(&call)?);
    call.app.enable_mfa_device(call.cx, user, serial, codes).await?;
    Ok(Answer::done())
}

pub(crate) async fn resync(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, serial, codes) = (call.parsed("UserName")?, serial(&call)?, codes(&call)?);
    call.app.resync_mfa_device(call.cx, user, serial, codes).await?;
    Ok(Answer::done())
}

pub(crate) async fn deactivate(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.deactivate_mfa_device(call.cx, call.optional("UserName")?, serial(&call)?).await?;
    Ok(Answer::done())
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_mfa_devices(call.cx, call.optional("UserName")?, &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "MFADevices", &page, held)))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let found = call.app.get_mfa_device(call.cx, call.optional("UserName")?, &serial(&call)?)?;
    Ok(Answer::result(move |result| held(result, &found)))
}

/// A device in someone's hands.
fn held(result: &mut XmlWriter, device: &MfaDetail) {
    if let Some((holder, _)) = &device.holder {
        result.text("UserName", holder.name.as_str());
    }
    result.text("SerialNumber", &device.serial);
    if let Some((_, since)) = &device.holder {
        result.timestamp("EnableDate", *since);
    }
}

fn serial(call: &Call<'_>) -> Result<String, Refusal> {
    call.fits("SerialNumber", 9..=256, SERIAL)?;
    call.text("SerialNumber")
}

/// `authenticationCodeType`.
fn codes(call: &Call<'_>) -> Result<MfaCodes, Refusal> {
    let code = |name| {
        call.fits(name, 6..=6, Alphabet::ANY)?;
        call.text(name)
    };
    Ok(MfaCodes(code("AuthenticationCode1")?, code("AuthenticationCode2")?))
}
