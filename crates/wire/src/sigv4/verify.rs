//! The checks on a presented credential: its time, its scope, its signature.
//!
//! INVARIANT: signatures are compared in constant time; `verify` repeats the part of the scope check that the key
//! depends on, so that a caller who skipped [`Presented::check_scope`] gains nothing. There is no replay cache:
//! clients resend a request with its old signature, and two requests in one second share one.
//!
//! Spec: IAM User Guide, "Create a signed AWS API request", steps 2-5, and "Why requests expire".

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};

use super::canonical::{self, CanonicalSettings, Form};
use super::key::TERMINATOR;
use super::parse::{ALGORITHM, UNSIGNED_PAYLOAD};
use super::{
    BodyHash, Dialect, Location, PayloadHash, Presented, RegionRule, RequestHead, Scope, SigV4Error,
    SigningKey, timestamp,
};
use crate::hash::sha256;

const SKEW: SignedDuration = SignedDuration::from_mins(15);

impl Presented {
    /// Checks the time of signing: within 15 minutes of `now`, or, for a presigned URL, not over and at most 15 minutes
    /// ahead. A URL that names no lifetime has 15 minutes.
    ///
    /// # Errors
    /// [`SigV4Error::Expired`], [`SigV4Error::NotYetCurrent`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), SigV4Error> {
        let (past, window) = match self.expires {
            None => (SKEW, "15 min.".to_owned()),
            Some(seconds) => (SignedDuration::from_secs(seconds.into()), format!("{seconds} sec.")),
        };
        // Saturating: at the ends of the calendar there is nothing earlier or later to refuse.
        let bound = now.checked_sub(past).unwrap_or(Timestamp::MIN);
        if self.timestamp < bound {
            return Err(SigV4Error::Expired { signed: self.timestamp, bound, now, window });
        }
        let bound = now.checked_add(SKEW).unwrap_or(Timestamp::MAX);
        if self.timestamp > bound {
            return Err(SigV4Error::NotYetCurrent { signed: self.timestamp, bound, now });
        }
        Ok(())
    }

    /// Checks what the credential is scoped to: one of the signing names in `services`, a permitted region, the day
    /// of its timestamp.
    ///
    /// # Errors
    /// [`SigV4Error::WrongScope`] with a sentence for each thing that is wrong.
    pub fn check_scope(&self, services: &[&str], region: RegionRule<'_>) -> Result<(), SigV4Error> {
        let Scope { region: own_region, service, .. } = &self.scope;
        let mut wrong = Vec::new();
        let region_is_right = match region {
            RegionRule::Any => !own_region.is_empty(),
            RegionRule::OneOf(regions) => regions.contains(&own_region.as_str()),
        };
        if !region_is_right {
            wrong.push(format!("Credential should be scoped to a valid region, not '{own_region}'."));
        }
        if !services.contains(&service.as_str()) {
            let names = services.join("' or '");
            wrong.push(format!("Credential should be scoped to correct service: '{names}'."));
        }
        wrong.extend(self.wrong_terminator_or_date());
        if wrong.is_empty() { Ok(()) } else { Err(SigV4Error::WrongScope(wrong.join(" "))) }
    }

    /// Verifies the signature over the request and its body.
    ///
    /// `key` must be derived for [`Presented::scope`] from the secret of [`Presented::access_key_id`].
    ///
    /// # Errors
    /// [`SigV4Error::SignatureDoesNotMatch`]; before it, whatever is wrong between `body` and what the request declares.
    pub fn verify(
        &self,
        head: &RequestHead<'_>,
        body: BodyHash,
        key: &SigningKey,
        dialect: Dialect,
    ) -> Result<(), SigV4Error> {
        let result = self.verify_with(head, body, key, CanonicalSettings::for_service(&self.scope.service));
        match dialect {
            Dialect::MlflowSdk { repeated_keys } if result == Err(SigV4Error::SignatureDoesNotMatch) => {
                self.verify_as_mlflow_sdk(head, body, key, repeated_keys)
            }
            Dialect::Aws | Dialect::MlflowSdk { .. } => result,
        }
    }

    /// [`Presented::verify`] in AWS's dialect, for a service that treats paths in another way than its name implies.
    ///
    /// # Errors
    /// Those of [`Presented::verify`].
    pub fn verify_with(
        &self,
        head: &RequestHead<'_>,
        body: BodyHash,
        key: &SigningKey,
        settings: CanonicalSettings,
    ) -> Result<(), SigV4Error> {
        if let Some(wrong) = self.wrong_terminator_or_date().into_iter().next() {
            return Err(SigV4Error::WrongScope(wrong));
        }
        let payload = self.payload_text(body)?;
        let with_token = Form::Aws { settings, with_token: true };
        let without_token = Form::Aws { settings, with_token: false };
        let forms: &[Form] = match self.location {
            Location::Query if self.session_token.is_some() => &[with_token, without_token],
            Location::Header | Location::Query => &[with_token],
        };
        self.match_any(head, forms, &payload, key)
    }

    /// The SDK signs in the header, always declares a hash, and signs `host` and `x-amz-*` only.
    fn verify_as_mlflow_sdk(
        &self,
        head: &RequestHead<'_>,
        body: BodyHash,
        key: &SigningKey,
        repeated_keys: &[&str],
    ) -> Result<(), SigV4Error> {
        let signs_as_the_sdk = self.location == Location::Header
            && self.declared_payload_hash().is_some()
            && self.signed_headers.iter().all(|name| name == "host" || name.starts_with("x-amz-"));
        if !signs_as_the_sdk {
            return Err(SigV4Error::SignatureDoesNotMatch);
        }
        let payload = self.payload_text(body)?;
        let repeated = canonical::repeated_keys(head.query);
        // Otherwise an injected first duplicate would be unsigned and yet, upstream, the one that counts.
        let may_collapse = !repeated.is_empty() && repeated.iter().all(|key| repeated_keys.contains(key));
        let forms: &[Form] =
            if may_collapse { &[Form::RawSorted, Form::RawLastWins] } else { &[Form::RawSorted] };
        self.match_any(head, forms, &payload, key)
    }

    fn match_any(
        &self,
        head: &RequestHead<'_>,
        forms: &[Form],
        payload: &str,
        key: &SigningKey,
    ) -> Result<(), SigV4Error> {
        let presented = self.signature.ok_or(SigV4Error::SignatureDoesNotMatch)?;
        for form in forms {
            let Some(request) = canonical::canonical_request(head, self, *form, payload) else { continue };
            let computed = key.sign(&string_to_sign(self.timestamp, &self.scope, &request));
            if verify_slices_are_equal(&computed, &presented).is_ok() {
                return Ok(());
            }
        }
        Err(SigV4Error::SignatureDoesNotMatch)
    }

    /// The last line of the canonical request, agreed between what is declared and what the caller knows.
    fn payload_text(&self, body: BodyHash) -> Result<String, SigV4Error> {
        match (self.payload, body) {
            (PayloadHash::Declared(declared), BodyHash::Known(known)) if declared != known => {
                Err(SigV4Error::PayloadMismatch)
            }
            (PayloadHash::Declared(hash), BodyHash::Known(_) | BodyHash::Declared) => Ok(hex::encode(hash)),
            (PayloadHash::Absent, BodyHash::Known(hash)) => Ok(hex::encode(hash)),
            (PayloadHash::Unsigned, BodyHash::Unsigned) => Ok(UNSIGNED_PAYLOAD.to_owned()),
            // A presigned S3 URL says nothing of its body, and means that.
            (PayloadHash::Absent, BodyHash::Unsigned) if self.is_presigned_for_s3() => {
                Ok(UNSIGNED_PAYLOAD.to_owned())
            }
            (PayloadHash::Declared(_) | PayloadHash::Absent, BodyHash::Unsigned)
            | (PayloadHash::Absent, BodyHash::Declared)
            | (PayloadHash::Unsigned, BodyHash::Known(_) | BodyHash::Declared) => {
                Err(SigV4Error::UnsignedPayload)
            }
        }
    }

    fn is_presigned_for_s3(&self) -> bool {
        self.location == Location::Query && self.scope.service == "s3"
    }

    fn wrong_terminator_or_date(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.terminator != TERMINATOR {
            wrong.push(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                self.terminator
            ));
        }
        let date = timestamp::basic_date(self.timestamp);
        if self.scope.date != date {
            wrong.push(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{date}', from '{}'.",
                self.scope.date,
                timestamp::basic(self.timestamp)
            ));
        }
        wrong
    }
}

/// Step 3: what the key signs.
pub(super) fn string_to_sign(at: Timestamp, scope: &Scope, canonical_request: &str) -> String {
    let hash = hex::encode(sha256(canonical_request.as_bytes()));
    let Scope { date, region, service } = scope;
    format!("{ALGORITHM}\n{}\n{date}/{region}/{service}/{TERMINATOR}\n{hash}", timestamp::basic(at))
}
