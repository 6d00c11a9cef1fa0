//! Runs: the digest that approvals are given on, who may approve, and the state machine derived from facts.
