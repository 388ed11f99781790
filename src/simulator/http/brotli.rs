//! A minimal Brotli encoder (RFC 7932): valid streams, damaged ones, and decompression bombs.

/// Most bytes of an uncompressed meta-block whose length takes four nibbles.
const BLOCK: usize = 1 << 16;
/// Bytes of one meta-block of a bomb: the most that a length of six nibbles can express.
const BOMB_BLOCK: u32 = 1 << 24;
/// The shortest run of literals of the last insert length code, 23. Its 24 extra bits are added to this.
const LAST_INSERT: u32 = 22_594;

/// A bit stream. The lowest bit of a number comes first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits used of the last byte. 0 if it is full.
    used: u8,
}

impl Bits {
    fn push(&mut self, value: u32, count: u8) {
        for bit in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> bit & 1 == 1) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Appends whole bytes, from the next byte boundary on.
    fn extend(&mut self, bytes: &[u8]) {
        self.used = 0;
        self.bytes.extend(bytes);
    }

    /// Starts a stream with a window of 64 KiB.
    fn open() -> Self {
        let mut bits = Self::default();
        bits.push(0, 1);
        bits
    }

    /// Appends an uncompressed meta-block.
    fn store(&mut self, block: &[u8]) {
        self.push(0, 1);
        self.push(0, 2);
        self.push(u32::try_from(block.len() - 1).unwrap_or(0), 16);
        self.push(1, 1);
        self.extend(block);
    }

    /// Appends the last meta-block, which is empty.
    fn close(mut self) -> Vec<u8> {
        self.push(0b11, 2);
        self.bytes
    }
}

/// `bytes` as a stream of uncompressed meta-blocks.
pub(in crate::simulator) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::open();
    bytes.chunks(BLOCK).for_each(|block| bits.store(block));
    bits.close()
}

/// Half of `bytes`, then a meta-block with a reserved bit set.
pub(in crate::simulator) fn damaged(bytes: &[u8]) -> Vec<u8> {
    let (half, _) = bytes.split_at(bytes.len() / 2);
    let mut bits = Bits::open();
    half.chunks(BLOCK).for_each(|block| bits.store(block));
    bits.push(0, 1);
    bits.push(3, 2);
    bits.push(1, 1);
    bits.extend(&[0; 8]);
    bits.bytes
}

/// `blocks` times 16 MiB of `[`, each in a few bytes: a prefix code with a single symbol takes no bits.
pub(in crate::simulator) fn bomb(blocks: usize) -> Vec<u8> {
    let mut bits = Bits::open();
    for _ in 0..blocks {
        bits.push(0, 1);
        // The length has six nibbles.
        bits.push(2, 2);
        bits.push(BOMB_BLOCK - 1, 24);
        bits.push(0, 1);
        // One block type for literals, for commands and for distances. No postfix bits, no direct distance codes.
        bits.push(0, 3);
        bits.push(0, 6);
        // The context mode of literals. One tree for literals and one for distances, so there is no context map.
        bits.push(0, 2);
        bits.push(0, 2);
        // Three simple prefix codes of one symbol: a literal, the command with the longest run of literals, a distance.
        for (symbol, width) in [(u32::from(b'['), 8), (504, 10), (0, 6)] {
            bits.push(1, 2);
            bits.push(0, 2);
            bits.push(symbol, width);
        }
        bits.push(BOMB_BLOCK - LAST_INSERT, 24);
    }
    bits.close()
}
