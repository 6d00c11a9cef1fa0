//! What people try on GitHub to get what they may not have, to make us say what is not so, or to keep us busy.

mod costs;
mod grants;
mod leaks;
mod lies;
