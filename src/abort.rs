//! Points at which a test has the real program die: just before and just after each thing that it does to the world outside its memory.
//!
//! They exist in builds with debug assertions alone. There `PORTCULLIS_ABORT_AT=before:claimed` names one, and `after:told:3` the third time
//! it is reached; the program says so on standard error and aborts, as hard as any crash. In a release nothing of this is compiled, and the
//! variable is never read.

/// Something done that outlasts the process. `tests/crash` dies before and after each of [`Deed::ALL`], so what is added here is tested.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Deed {
    /// The lease of a repository is taken.
    Leased,
    /// A revision is accepted, and its runs land.
    Landed,
    /// What was decided about a run is written down.
    Decided,
    /// A run is claimed.
    Claimed,
    /// That an attempt begins is written down.
    Begun,
    /// Whoever performs the run is asked to.
    Sent,
    /// The commit of a run is put on the branch.
    Committed,
    /// How an attempt ended is written down.
    Answered,
    /// That the end of an attempt is not known is written down.
    Lost,
    /// Messages are taken out of the outbox.
    Taken,
    /// People are told.
    Told,
    /// What became of telling them is written down.
    Settled,
    /// Audit notes are written here.
    Noted,
    /// Audit notes are pushed to where the repository came from.
    Pushed,
    /// That the notes are up to date is written down.
    Audited,
}

impl Deed {
    /// Every deed, in about the order in which a run meets them.
    pub const ALL: [Self; 15] = [
        Self::Leased,
        Self::Landed,
        Self::Decided,
        Self::Claimed,
        Self::Begun,
        Self::Sent,
        Self::Committed,
        Self::Answered,
        Self::Lost,
        Self::Taken,
        Self::Told,
        Self::Settled,
        Self::Noted,
        Self::Pushed,
        Self::Audited,
    ];

    /// Its name in the variable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Landed => "landed",
            Self::Decided => "decided",
            Self::Claimed => "claimed",
            Self::Begun => "begun",
            Self::Sent => "sent",
            Self::Committed => "committed",
            Self::Answered => "answered",
            Self::Lost => "lost",
            Self::Taken => "taken",
            Self::Told => "told",
            Self::Settled => "settled",
            Self::Noted => "noted",
            Self::Pushed => "pushed",
            Self::Audited => "audited",
        }
    }

    /// The deed of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == name)
    }
}

/// The deed is about to be done.
#[inline]
pub fn before(deed: Deed) {
    #[cfg(debug_assertions)]
    armed::reached("before", deed);
    #[cfg(not(debug_assertions))]
    let _ = deed;
}

/// The deed is done, and nothing follows from it yet.
#[inline]
pub fn after(deed: Deed) {
    #[cfg(debug_assertions)]
    armed::reached("after", deed);
    #[cfg(not(debug_assertions))]
    let _ = deed;
}

#[cfg(debug_assertions)]
mod armed {
    use std::io::Write as _;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Deed;

    /// The variable that names a point.
    const VARIABLE: &str = "PORTCULLIS_ABORT_AT";

    /// Where to die.
    struct Point {
        side: String,
        deed: Deed,
        /// How often it is reached until then, this time included.
        left: AtomicU64,
    }

    static POINT: LazyLock<Option<Point>> = LazyLock::new(|| parse(&std::env::var(VARIABLE).ok()?));

    fn parse(text: &str) -> Option<Point> {
        let mut parts = text.split(':');
        let (side, deed) = (parts.next()?.to_owned(), Deed::parse(parts.next()?)?);
        let times = parts.next().map_or(Some(1), |times| times.parse().ok())?;
        Some(Point { side, deed, left: AtomicU64::new(times) })
    }

    pub(super) fn reached(side: &str, deed: Deed) {
        let Some(point) = POINT.as_ref().filter(|point| point.deed == deed && point.side == side) else { return };
        if point.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Whoever reads it may be gone; it dies all the same.
            let _ = writeln!(std::io::stderr(), "aborting {side}:{}, as {VARIABLE} says", deed.as_str());
            std::process::abort();
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_point_is_named_by_its_side_its_deed_and_how_often() {
            let point = parse("after:told:3").unwrap();
            assert_eq!((point.side.as_str(), point.deed, point.left.into_inner()), ("after", Deed::Told, 3));
            assert_eq!(parse("before:claimed").unwrap().left.into_inner(), 1);
            for wrong in ["", "before", "before:nothing", "before:claimed:often"] {
                assert!(parse(wrong).is_none(), "{wrong}");
            }
        }
    }
}
