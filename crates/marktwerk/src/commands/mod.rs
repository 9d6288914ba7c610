//! What can be typed. `marktwerk` alone serves; the other commands talk to a running server by HTTP, or
//! work on the data folder. The only place that prints, and that decides the exit code.

mod accounts;
mod alerts;
mod arguments;
mod attention;
mod audit;
mod check;
mod client;
mod db;
mod decisions;
mod doctor;
mod exit;
mod failure;
mod health;
mod jobs;
mod layout;
mod listing;
mod logs;
mod memory;
mod moment;
mod orders;
mod output;
mod runs;
mod sandbox;
mod serve;
mod shell;
mod signals;
mod status;
mod stock;
mod takeover;
mod transfer;
mod usage;
mod waiting;
mod words;

pub use exit::main;
