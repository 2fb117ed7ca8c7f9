//! A QR code as a PNG image: one bit a pixel, uncompressed. PNG (3rd edition), RFC 1950 and RFC 1951 §3.2.4.

use qrcode::{Color, QrCode};

/// Pixels of a module's side.
const SCALE: usize = 4;
/// Modules of white around the code; ISO/IEC 18004 asks for four.
const QUIET: usize = 4;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Most bytes of a stored block.
const BLOCK: usize = 0xffff;

/// The image of a text; none when the text is too long for a QR code.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let modules = code.width();
    let colors = code.into_colors();
    let dark = |x: usize, y: usize| {
        let at = |n: usize| n.checked_sub(QUIET).filter(|n| *n < modules);
        let index = at(y).zip(at(x)).map(|(y, x)| y * modules + x);
        index.and_then(|index| colors.get(index)).is_some_and(|color| *color == Color::Dark)
    };
    let side = (modules + 2 * QUIET) * SCALE;
    let mut rows = Vec::new();
    for y in 0..side {
        // No filter.
        rows.push(0);
        for eight in 0..side.div_ceil(8) {
            let bits = (0..8).map(|bit| eight * 8 + bit);
            rows.push(bits.fold(0, |byte, x| (byte << 1) | u8::from(!dark(x / SCALE, y / SCALE))));
        }
    }
    let side = u32::try_from(side).ok()?.to_be_bytes();
    // One bit of grey, default methods, not interlaced.
    let header = [&side[..], &side, &[1, 0, 0, 0, 0]].concat();
    let mut image = SIGNATURE.to_vec();
    image.extend(chunk(b"IHDR", &header)?);
    image.extend(chunk(b"IDAT", &stored(&rows)?)?);
    image.extend(chunk(b"IEND", &[])?);
    Some(image)
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Option<Vec<u8>> {
    let body = [kind.as_slice(), data].concat();
    let length = u32::try_from(data.len()).ok()?.to_be_bytes();
    Some([&length[..], &body, &crc32(&body).to_be_bytes()].concat())
}

/// Data as a zlib stream of stored blocks.
fn stored(data: &[u8]) -> Option<Vec<u8>> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).ok()?;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(data).to_be_bytes());
    Some(stream)
}

fn crc32(data: &[u8]) -> u32 {
    let shifted = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !data.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shifted))
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_their_specifications() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn long_data_is_stored_in_several_blocks() {
        let stream = stored(&vec![7; BLOCK + 1]).unwrap();
        assert_eq!(stream.len(), 2 + (5 + BLOCK) + (5 + 1) + 4);
        assert_eq!((stream[2], stream[2 + 5 + BLOCK]), (0, 1));
    }

    #[test]
    fn a_text_too_long_has_no_code() {
        assert!(png("otpauth://totp/a").unwrap().starts_with(SIGNATURE));
        assert!(png(&"a".repeat(8_000)).is_none());
    }
}
