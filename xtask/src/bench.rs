//! Benchmarks.
use crate::failure::Result;
/// x
pub fn run(_words: &[String]) -> Result<()> {
    Ok(())
}
