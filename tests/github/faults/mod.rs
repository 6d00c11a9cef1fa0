//! What goes wrong between GitHub and a whole daemon, and that it all ends as if nothing had.

mod canary;
mod crashes;
mod deliveries;
mod life;
mod limits;
mod lists;
mod reads;
mod surroundings;
mod writes;

pub(crate) use canary::{canaries, sings};
