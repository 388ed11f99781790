//! Brotli by hand (RFC 7932): what a compressing server sends, a damaged form of it, and a bomb.

/// Most bytes of a stored block: what its length can say in four nibbles.
const BLOCK: usize = 1 << 16;
/// Bytes of one block of a bomb: what its length can say in six nibbles.
const BOMB_BLOCK: u32 = 1 << 24;
/// The shortest run of literals that the last of the codes for them stands for; 24 bits more say by how many it is longer.
const LAST_INSERT: u32 = 22_594;

/// Bits, the lowest of each number first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits used of the last byte; 0 when all are.
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

    /// Whole bytes, from the next boundary on.
    fn extend(&mut self, bytes: &[u8]) {
        self.used = 0;
        self.bytes.extend(bytes);
    }

    /// A stream with a window of 64 KiB.
    fn open() -> Self {
        let mut bits = Self::default();
        bits.push(0, 1);
        bits
    }

    /// A block that is not compressed.
    fn store(&mut self, block: &[u8]) {
        self.push(0, 1);
        self.push(0, 2);
        self.push(u32::try_from(block.len() - 1).unwrap_or(0), 16);
        self.push(1, 1);
        self.extend(block);
    }

    /// The last block, without anything in it.
    fn close(mut self) -> Vec<u8> {
        self.push(0b11, 2);
        self.bytes
    }
}

/// `bytes` as a stream, in stored blocks.
pub(in crate::simulator) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Bits::open();
    bytes.chunks(BLOCK).for_each(|block| bits.store(block));
    bits.close()
}

/// Half of `bytes`, and then a block with a bit that must not be set.
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

/// So many blocks of 16 MiB of `[` in a few bytes each: a code with a single symbol takes no bits.
pub(in crate::simulator) fn bomb(blocks: usize) -> Vec<u8> {
    let mut bits = Bits::open();
    for _ in 0..blocks {
        bits.push(0, 1);
        // Six nibbles of length.
        bits.push(2, 2);
        bits.push(BOMB_BLOCK - 1, 24);
        bits.push(0, 1);
        // One type of block for literals, for commands, for distances; no bits behind distances, none direct.
        bits.push(0, 3);
        bits.push(0, 6);
        // The mode of the literals' contexts, and no map of contexts for literals and distances.
        bits.push(0, 2);
        bits.push(0, 2);
        // Three simple codes of one symbol: a literal, a command with the longest run of literals, a distance.
        for (symbol, width) in [(u32::from(b'['), 8), (504, 10), (0, 6)] {
            bits.push(1, 2);
            bits.push(0, 2);
            bits.push(symbol, width);
        }
        bits.push(BOMB_BLOCK - LAST_INSERT, 24);
    }
    bits.close()
}
