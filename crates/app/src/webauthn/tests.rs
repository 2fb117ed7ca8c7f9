//! Answers of an authenticator in software, true and false.

use garita_testkit::{Authenticator, Kind, Says};
use serde_json::{Value, json};

use super::*;

const ORIGIN: &str = "https://id.example.com";
const PARTY: &str = "example.com";

fn options() -> (Value, Value) {
    // 32 bytes of 7.
    let challenge = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    let create = json!({ "challenge": challenge, "rp": { "id": PARTY }, "user": { "id": "AAAA" } });
    (create, json!({ "challenge": challenge, "rpId": PARTY }))
}

fn expected() -> Expected<'static> {
    let origins = Origins::One(ORIGIN);
    Expected { challenge: &[7; 32], relying_party: PARTY, origins, verification: false }
}

fn made(authenticator: &mut Authenticator, says: &Says) -> Result<NewCredential, Mismatch> {
    let answer = RegistrationResponse::of(authenticator.create(&options().0, says)).unwrap();
    register(&expected(), &answer)
}

fn signed(
    authenticator: &mut Authenticator,
    held: &NewCredential,
    expected: &Expected<'_>,
    says: &Says,
) -> Result<Asserted, Mismatch> {
    let answer = authenticator.get(&options().1, says).to_string();
    let (id, key, backup_eligible) = (&held.id, &held.key, held.backup_eligible);
    let held = Held { id, key, counter: held.counter, backup_eligible };
    authenticate(expected, &held, &AuthenticationResponse::parse(&answer).unwrap())
}

#[test]
fn every_kind_of_authenticator_registers_and_signs() {
    for kind in [Kind::Es256, Kind::EdDsa, Kind::Rs256] {
        for attests_itself in [false, true] {
            let mut authenticator = Authenticator::new(kind);
            let held = made(&mut authenticator, &Says { attests_itself, ..Says::at(ORIGIN) }).unwrap();
            assert_eq!((held.id.as_slice(), held.counter), (authenticator.id.as_slice(), 0));
            let shown = signed(&mut authenticator, &held, &expected(), &Says::at(ORIGIN)).unwrap();
            assert_eq!(shown, Asserted { counter: 1, verified: true, backed_up: false }, "{kind:?}");
        }
    }
}

/// What is false, and how it is refused, at both ceremonies.
fn lies() -> Vec<(Says, Mismatch)> {
    let truth = || Says::at(ORIGIN);
    vec![
        (Says::at("https://evil.example"), Mismatch::Origin),
        (Says::at("http://id.example.com"), Mismatch::Origin),
        (Says { cross_origin: true, ..truth() }, Mismatch::Origin),
        (Says { relying_party: Some("evil.example".into()), ..truth() }, Mismatch::RelyingParty),
        (Says { challenge: Some("AAAA".into()), ..truth() }, Mismatch::Challenge),
        (Says { challenge: Some(String::new()), ..truth() }, Mismatch::Challenge),
        (Says { ceremony: Some("payment.get"), ..truth() }, Mismatch::Ceremony),
        (Says { present: false, ..truth() }, Mismatch::UserPresence),
        (Says { backup: (false, true), ..truth() }, Mismatch::Backup),
        (Says { extra: vec![0], ..truth() }, Mismatch::Malformed),
    ]
}

#[test]
fn lies_are_refused_at_registration() {
    let mut authenticator = Authenticator::new(Kind::Es256);
    for (says, why) in lies() {
        assert_eq!(made(&mut authenticator, &says), Err(why), "{says:?}");
    }
    let get = Says { ceremony: Some("webauthn.get"), ..Says::at(ORIGIN) };
    assert_eq!(made(&mut authenticator, &get), Err(Mismatch::Ceremony));
}

#[test]
fn lies_are_refused_at_sign_in() {
    let mut authenticator = Authenticator::new(Kind::Es256);
    let held = made(&mut authenticator, &Says::at(ORIGIN)).unwrap();
    let mut more = lies();
    let truth = || Says::at(ORIGIN);
    more.push((Says { ceremony: Some("webauthn.create"), ..truth() }, Mismatch::Ceremony));
    more.push((Says { backup: (true, false), ..truth() }, Mismatch::Backup));
    for (says, why) in more {
        assert_eq!(signed(&mut authenticator, &held, &expected(), &says), Err(why), "{says:?}");
    }
    let strict = Expected { verification: true, ..expected() };
    let unverified = Says { verified: false, ..truth() };
    assert_eq!(signed(&mut authenticator, &held, &strict, &unverified), Err(Mismatch::UserVerification));
    let shown = signed(&mut authenticator, &held, &expected(), &unverified).unwrap();
    assert!(!shown.verified);
}

#[test]
fn counters_count_on_or_stay_at_zero() {
    for (before, now, may) in
        [(0, 0, true), (0, 1, true), (1, 2, true), (1, 1, false), (2, 1, false), (1, 0, false)]
    {
        assert_eq!(counts_on(before, now), may, "{before} {now}");
        let mut authenticator = Authenticator::new(Kind::EdDsa);
        let held = made(&mut authenticator, &Says { counter: Some(before), ..Says::at(ORIGIN) }).unwrap();
        let says = Says { counter: Some(now), ..Says::at(ORIGIN) };
        let shown = signed(&mut authenticator, &held, &expected(), &says);
        assert_eq!(shown.map(|shown| shown.counter), if may { Ok(now) } else { Err(Mismatch::Counter) });
    }
}

#[test]
fn a_passkey_signs_for_itself_alone() {
    let (mut one, mut other) = (Authenticator::new(Kind::Es256), Authenticator::new(Kind::Es256));
    let held = made(&mut one, &Says::at(ORIGIN)).unwrap();
    let truth = Says::at(ORIGIN);
    assert_eq!(signed(&mut other, &held, &expected(), &truth), Err(Mismatch::Credential));
    other.id.clone_from(&one.id);
    assert_eq!(signed(&mut other, &held, &expected(), &truth), Err(Mismatch::Signature));
    let mut of_rsa = Authenticator::new(Kind::EdDsa);
    of_rsa.id.clone_from(&one.id);
    assert_eq!(signed(&mut of_rsa, &held, &expected(), &truth), Err(Mismatch::Signature));
}

#[test]
fn every_changed_byte_is_noticed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut authenticator = Authenticator::new(Kind::Es256);
    let held = made(&mut authenticator, &Says::at(ORIGIN)).unwrap();
    let answer = authenticator.get(&options().1, &Says::at(ORIGIN));
    let (id, key, backup_eligible) = (&held.id, &held.key, held.backup_eligible);
    let held = Held { id, key, counter: held.counter, backup_eligible };
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        let bytes = URL_SAFE_NO_PAD.decode(answer["response"][member].as_str().unwrap()).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let mut answer = answer.clone();
            answer["response"][member] = URL_SAFE_NO_PAD.encode(changed).into();
            let read = AuthenticationResponse::parse(&answer.to_string()).unwrap();
            assert!(authenticate(&expected(), &held, &read).is_err(), "{member} {at}");
        }
    }
}

#[test]
fn keys_are_read_strictly() {
    let es256 = Authenticator::new(Kind::Es256).cose();
    assert_eq!(PublicKey::parse(&es256).unwrap().algorithm(), Algorithm::Es256);
    for at in 0..es256.len() {
        assert!(PublicKey::parse(es256.get(..at).unwrap()).is_err(), "cut at {at}");
    }
    assert_eq!(PublicKey::parse(&[es256.clone(), vec![0]].concat()), Err(Mismatch::Malformed));
    // The algorithm of another key type; a curve that was not asked for; a point off the curve.
    for (at, byte) in [(2, 3), (4, 0x27), (6, 2), (es256.len() - 1, es256[es256.len() - 1] ^ 1)] {
        let mut changed = es256.clone();
        changed[at] = byte;
        assert!(PublicKey::parse(&changed).is_err(), "{at}");
    }
    let mut twice = es256.clone();
    twice[0] += 1;
    twice.extend([0x03, 0x26]);
    assert_eq!(PublicKey::parse(&twice), Err(Mismatch::Malformed), "a label twice");
}

#[test]
fn what_is_too_much_is_refused_before_it_is_read() {
    // An array of 2^32 - 1 items, one nested ten thousand times, and bytes that are said to be there and are not.
    for bytes in [vec![0x9a, 0xff, 0xff, 0xff, 0xff], vec![0x81; 3_000], vec![0x5b, 0, 0, 0, 1, 0, 0, 0, 0]] {
        assert_eq!(PublicKey::parse(&bytes), Err(Mismatch::Malformed));
        assert!(Attestation::parse(&bytes).is_err());
    }
    assert!(Attestation::parse(&vec![0xa0; MAX_ATTESTATION + 1]).is_err());
    assert!(AuthenticatorData::parse(&[0; 36]).is_err());
    assert!(AuthenticatorData::parse(&[0; 5_000]).is_err());
    assert_eq!(AuthenticatorData::parse(&[0; 38]), Err(Mismatch::Malformed), "a byte too many");
}

#[test]
fn other_attestations_are_refused() {
    let parse = |hex: &str| {
        let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
        let bytes: Vec<u8> =
            hex.as_bytes().chunks(2).map(|two| digit(&two[0]) << 4 | digit(&two[1])).collect();
        Attestation::parse(&bytes).and_then(|object| {
            let key = PublicKey::parse(&Authenticator::new(Kind::Es256).cose())?;
            object.check(&key, b"{}")
        })
    };
    // {"fmt": "tpm", "attStmt": {}, "authData": h''}
    assert_eq!(parse("a363666d746374706d6761747453746d74a068617574684461746140"), Err(Mismatch::Unsupported));
    // "none" with a statement
    assert_eq!(
        parse("a363666d74646e6f6e656761747453746d74a1613100 68617574684461746140".replace(' ', "").as_str()),
        Err(Mismatch::Unsupported)
    );
    // without a statement; with a member twice; with one more
    assert_eq!(parse("a263666d74646e6f6e6568617574684461746140"), Err(Mismatch::Malformed));
    assert_eq!(
        parse("a463666d74646e6f6e6563666d74646e6f6e656761747453746d74a068617574684461746140"),
        Err(Mismatch::Malformed)
    );
    assert_eq!(
        parse("a463666d74646e6f6e656761747453746d74a068617574684461746140617800"),
        Err(Mismatch::Malformed)
    );
}
