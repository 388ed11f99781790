//! A minimal gzip encoder (RFC 1952): valid bodies, which can then be damaged, and a decompression bomb.

use std::iter;

const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Most bytes of a stored block.
const BLOCK: usize = 0xffff;

/// `bytes` as gzip, in stored blocks.
pub(in crate::simulator) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    let mut blocks = bytes.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(checksum(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// CRC-32 of gzip.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    !crc
}

/// Bytes that one [`bomb_round`] decompresses to.
pub(in crate::simulator) const BOMB_ROUND_BYTES: usize = 8 * 258;

/// The first bytes of a bomb. They decompress to some `[`.
pub(in crate::simulator) fn bomb_head() -> Vec<u8> {
    HEAD.into_iter().chain(bomb_bytes().take(2)).collect()
}

/// Thirteen bytes that decompress to [`BOMB_ROUND_BYTES`] times `[`. They may be repeated any number of times.
pub(in crate::simulator) fn bomb_round() -> Vec<u8> {
    bomb_bytes().skip(2).take(13).collect()
}

/// A block with the fixed code: one literal, then endless copies of 258 bytes from distance 1. A copy takes 13 bits, so
/// the bytes repeat after 13.
fn bomb_bytes() -> impl Iterator<Item = u8> {
    let bits = |value: u8, count: u8| (0..count).map(move |bit| value >> bit & 1);
    let literal = (b'[' + 0x30).reverse_bits();
    let copy = 0b1100_0101_u8.reverse_bits();
    let mut all = bits(0b011, 3)
        .chain(bits(literal, 8))
        .chain(iter::repeat_with(move || bits(copy, 8).chain(bits(0, 5))).flatten());
    iter::from_fn(move || Some((0..8).fold(0, |byte, bit| byte | all.next().unwrap_or(0) << bit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_bomb_repeats_after_thirteen_bytes() {
        let bytes: Vec<u8> = bomb_bytes().skip(2).take(39).collect();
        assert_eq!(bytes[..13], bytes[13..26]);
        assert_eq!(bytes[13..26], bytes[26..]);
    }
}
