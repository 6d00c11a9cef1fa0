//! Runs from their approval to their end, told as stories on real git repositories, with a receiver that notes what it is asked to do.

mod crashes;
mod faults;
mod faulty_store;
mod life;
mod slipped_in;
mod stage;
mod taken_back;
