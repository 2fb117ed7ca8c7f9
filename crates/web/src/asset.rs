//! The files that pages need: one stylesheet, one icon, and the one script, for passkeys.
//!
//! Their paths carry a hash of what is in them, so a browser may keep them for ever and never holds an old one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_wire::hash::sha256;

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Where it is served.
    pub(crate) path: String,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// What is in it.
    pub(crate) bytes: &'static [u8],
}

/// All of them.
pub(crate) struct Assets {
    pub(crate) stylesheet: Asset,
    pub(crate) icon: Asset,
    pub(crate) passkey: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    stylesheet: asset("garita", "css", "text/css; charset=utf-8", garita_page::STYLESHEET.as_bytes()),
    passkey: asset("passkey", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/passkey.js")),
    icon: asset("mark", "svg", "image/svg+xml", include_bytes!("../assets/mark.svg")),
});

impl Assets {
    pub(crate) fn get() -> &'static Self {
        &ASSETS
    }

    /// The file at a path.
    pub(crate) fn at(path: &str) -> Option<&'static Asset> {
        let all = Self::get();
        [&all.stylesheet, &all.icon, &all.passkey].into_iter().find(|asset| asset.path == path)
    }
}

fn asset(name: &str, ending: &str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = sha256(bytes);
    let short = URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default());
    Asset { path: format!("/assets/{name}-{short}.{ending}"), media_type, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_hashed_paths_alone() {
        let style = &Assets::get().stylesheet;
        assert!(
            style.path.starts_with("/assets/garita-") && style.path.len() == "/assets/garita-.css".len() + 16
        );
        assert!(Assets::at(&style.path).is_some());
        assert!(Assets::at("/assets/garita.css").is_none());
    }
}
