//! Documents as people and attackers write them.

mod smoke;
