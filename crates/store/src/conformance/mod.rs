//! The one suite that every database must pass.
