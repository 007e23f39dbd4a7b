//! The stack of a thread, and what calls that are over have left on it: a cipher's blocks, a register put aside.

/// Deeper than the calls of the agent go.
const DEPTH: usize = 256 * 1024;

/// Zeroes the stack below whoever calls.
#[inline(never)]
pub fn wipe() {
    let mut below = [0_u8; DEPTH];
    // Looked at by nobody, it would not be written.
    std::hint::black_box(&mut below);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own;

    const LEFT: [u8; 16] = *b"left on a stack!";

    /// Leaves much on the stack; where.
    #[inline(never)]
    fn leave() -> usize {
        let mut buffer = [0_u8; 64 * 1024];
        buffer.chunks_exact_mut(LEFT.len()).for_each(|chunk| chunk.copy_from_slice(&LEFT));
        std::hint::black_box(&mut buffer).as_ptr() as usize
    }

    fn count(seen: &[u8]) -> usize {
        seen.windows(LEFT.len()).filter(|window| **window == LEFT).count()
    }

    #[test]
    fn what_a_call_left_is_there_until_it_is_wiped() {
        let mut seen = vec![0; 64 * 1024];
        let at = leave();
        assert_eq!(own::read(at, &mut seen), seen.len());
        assert!(count(&seen) > 1000, "not even the control is found");
        wipe();
        seen.fill(0);
        assert_eq!((own::read(at, &mut seen), count(&seen)), (seen.len(), 0));
    }
}
