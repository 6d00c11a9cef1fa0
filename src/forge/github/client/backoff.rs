//! How often a read is repeated, and how long we wait in between.

use std::time::Duration;

/// How often something is sent at most.
pub(super) const ATTEMPTS: u32 = 4;

/// Longer waits are not slept through but handed to whoever asked, who has better to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a fresh token may be unknown to a part of GitHub: it is shown again after each of these.
pub(super) const FRESH_PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// The pause after the `failed`-th attempt, from 1; `chance` is from 0 to 1, so that those who failed together do not come back together.
pub(super) fn pause(failed: u32, chance: f64) -> Duration {
    let whole = Duration::from_secs(1 << failed.saturating_sub(1).min(3));
    whole.mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_spread_and_bounded() {
        assert_eq!(pause(1, 0.0), Duration::from_millis(500));
        assert_eq!(pause(1, 1.0), Duration::from_millis(1500));
        assert_eq!(pause(3, 0.5), Duration::from_secs(4));
        assert_eq!(pause(u32::MAX, 0.5), Duration::from_secs(8));
        assert!((1..ATTEMPTS).map(|failed| pause(failed, 1.0)).sum::<Duration>() < 2 * PATIENCE);
    }
}
