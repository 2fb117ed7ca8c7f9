//! How much is taken in, and for how long.

/// The limits of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest JSON body, in bytes.
    pub json: usize,
    /// Largest telemetry body, in bytes; spans carry what a model was given and gave.
    pub telemetry: usize,
    /// Largest artifact, in bytes, whole or in parts.
    pub artifact: u64,
    /// Largest part of an upload, in bytes.
    pub part: u64,
    /// Most parts of an upload.
    pub parts: u32,
    /// Most uploads, and most downloads, under way at once; a quarter of them for one principal.
    pub transfers: usize,
    /// How long an upload and its part URLs live, in seconds.
    pub upload_seconds: i64,
    /// How long a download URL lives, in seconds.
    pub download_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json: 2 * 1024 * 1024,
            telemetry: 16 * 1024 * 1024,
            artifact: 64 * 1024 * 1024 * 1024,
            part: 1024 * 1024 * 1024,
            parts: 10_000,
            transfers: 1024,
            upload_seconds: 3600,
            download_seconds: 60,
        }
    }
}
