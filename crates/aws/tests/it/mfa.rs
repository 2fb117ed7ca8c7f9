//! Virtual MFA devices.

use garita_model::Clock as _;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::door::Door;

const SERIAL: &str = "arn:aws:iam::111122223333:mfa/phone";

/// What stands in an element.
fn element<'a>(reply: &'a str, name: &str) -> &'a str {
    let (_, rest) = reply.split_once(&format!("<{name}>")).unwrap();
    rest.split_once("</").unwrap().0
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[tokio::test]
async fn a_device_is_made_enabled_used_and_taken_away() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    let make = [("Action", "CreateVirtualMFADevice"), ("VirtualMFADeviceName", "phone")];
    let made = door.iam(&make).await;
    assert_eq!(element(&made, "SerialNumber"), SERIAL);
    assert!(base64(element(&made, "QRCodePNG")).starts_with(b"\x89PNG"));
    let seed = String::from_utf8(base64(element(&made, "Base32StringSeed"))).unwrap();
    let seed = garita_testkit::base32(&seed);
    let now = door.garita.clock.now();
    let code = |steps: i64| garita_testkit::one_time_code(&seed, now + SignedDuration::from_secs(30 * steps));
    assert_snapshot!(door.iam(&make).await, @"409 EntityAlreadyExists: MFADevice entity at the same path and name already exists.");
    let (one, two) = (code(-1), code(0));
    let enable = |one, two| {
        [
            ("Action", "EnableMFADevice"),
            ("UserName", "ana"),
            ("SerialNumber", SERIAL),
            ("AuthenticationCode1", one),
            ("AuthenticationCode2", two),
        ]
    };
    assert_snapshot!(door.iam(&enable(&two, &two)).await, @"403 InvalidAuthenticationCode: Authentication code for device is not valid.");
    assert_snapshot!(door.iam(&enable(&one, &two)).await, @"200 EnableMFADevice");
    assert_snapshot!(door.iam(&[("Action", "ListMFADevices"), ("UserName", "ana")]).await, @r"
    200 ListMFADevices
    <MFADevices>
    <member><UserName>ana</UserName><SerialNumber>arn:aws:iam::111122223333:mfa/phone</SerialNumber><EnableDate>2026-03-01T12:00:00Z</EnableDate></member>
    </MFADevices><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListVirtualMFADevices"), ("AssignmentStatus", "Assigned")]).await, @r"
    200 ListVirtualMFADevices
    <VirtualMFADevices>
    <member><SerialNumber>arn:aws:iam::111122223333:mfa/phone</SerialNumber><User><Path>/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></User><EnableDate>2026-03-01T12:00:00Z</EnableDate></member>
    </VirtualMFADevices><IsTruncated>false</IsTruncated>
    ");
    let of_ana = |action| [("Action", action), ("UserName", "ana"), ("SerialNumber", SERIAL)];
    assert_snapshot!(door.iam(&of_ana("GetMFADevice")).await, @r"
    200 GetMFADevice
    <UserName>ana</UserName><SerialNumber>arn:aws:iam::111122223333:mfa/phone</SerialNumber><EnableDate>2026-03-01T12:00:00Z</EnableDate>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteVirtualMFADevice"), ("SerialNumber", SERIAL)]).await, @"409 DeleteConflict: MFA VirtualDevice in use. Must deactivate first.");

    let token = |code| [("Action", "GetSessionToken"), ("SerialNumber", SERIAL), ("TokenCode", code)];
    assert_snapshot!(door.sts_as(&ana, &token(&two)).await, @"403 AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code.");
    let three = code(1);
    assert!(door.sts_as(&ana, &token(&three)).await.starts_with("200 GetSessionToken"));
    assert_snapshot!(door.sts_as(&ana, &[("Action", "GetSessionToken"), ("SerialNumber", SERIAL)]).await, @"400 ValidationError: 1 validation error detected: Value null at 'tokenCode' failed to satisfy constraint: Member must not be null");
    assert_snapshot!(door.iam(&of_ana("DeactivateMFADevice")).await, @"200 DeactivateMFADevice");
    assert_snapshot!(door.iam(&of_ana("GetMFADevice")).await, @"404 NoSuchEntity: MFA Device invalid for user: arn:aws:iam::111122223333:mfa/phone is not one of the user's devices.");
    assert_snapshot!(door.iam(&[("Action", "DeleteVirtualMFADevice"), ("SerialNumber", SERIAL)]).await, @"200 DeleteVirtualMFADevice");
    assert_snapshot!(door.iam(&[("Action", "DeleteVirtualMFADevice"), ("SerialNumber", SERIAL)]).await, @"404 NoSuchEntity: VirtualMFADevice with serial number arn:aws:iam::111122223333:mfa/phone doesn't exist.");
}
