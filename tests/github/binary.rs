//! The program as people run it, with the fake for its GitHub.
