//! A minimal Zstandard encoder (RFC 8878): valid frames, damaged ones, and decompression bombs.

/// Magic number, then a frame header without content size and checksum, and a window of 128 KiB.
const HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
/// Most bytes of a block: 128 KiB.
const BLOCK: usize = 1 << 17;

/// Types of blocks.
#[derive(Clone, Copy)]
enum Block {
    Raw = 0,
    /// One byte, many times.
    Repeated = 1,
    /// Not a valid type.
    Reserved = 3,
}

fn header(block: Block, is_last: bool, length: usize) -> impl Iterator<Item = u8> {
    let bits = u32::from(is_last) | (block as u32) << 1 | u32::try_from(length).unwrap_or(0) << 3;
    bits.to_le_bytes().into_iter().take(3)
}

/// `bytes` as one frame of raw blocks.
pub(in crate::simulator) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    let mut blocks = bytes.chunks(BLOCK).peekable();
    if bytes.is_empty() {
        out.extend(header(Block::Raw, true, 0));
    }
    while let Some(block) = blocks.next() {
        out.extend(header(Block::Raw, blocks.peek().is_none(), block.len()));
        out.extend(block);
    }
    out
}

/// Half of `bytes`, then a block of the reserved type.
pub(in crate::simulator) fn damaged(bytes: &[u8]) -> Vec<u8> {
    let (half, _) = bytes.split_at(bytes.len() / 2);
    let mut out = HEAD.to_vec();
    for block in half.chunks(BLOCK) {
        out.extend(header(Block::Raw, false, block.len()));
        out.extend(block);
    }
    out.extend(header(Block::Reserved, true, 8));
    out
}

/// The first bytes of a bomb.
pub(in crate::simulator) fn bomb_head() -> Vec<u8> {
    HEAD.to_vec()
}

/// Bytes that one [`bomb_round`] decompresses to.
pub(in crate::simulator) const BOMB_ROUND_BYTES: usize = BLOCK;

/// Four bytes that decompress to [`BOMB_ROUND_BYTES`] times `[`.
pub(in crate::simulator) fn bomb_round() -> Vec<u8> {
    header(Block::Repeated, false, BLOCK).chain([b'[']).collect()
}
