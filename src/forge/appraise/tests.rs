//! Stories told with the real `git`: people with clones push branches and notes, and the forge reads and answers on the server.

mod answers;
mod attacks;
mod reading;
mod world;
