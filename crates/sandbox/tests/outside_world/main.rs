//! Black-box tests of the sandbox: over HTTP, through the levers, and on JTL's database file.

mod gateway;
mod jtl;
mod life;
mod orders;
mod shipments;
mod stock;
mod world;
