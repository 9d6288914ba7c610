//! Named places at which a kill test lets the process die, between two writes that only together make sense. Without the
//! feature `crash-points` they are nothing.

#[cfg(feature = "crash-points")]
static ARMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// The names, in the order of an order's life.
pub const POINTS: &[&str] = &[
    "fetch.page_saved",
    "hand_over.intent_committed",
    "hand_over.jtl_committed",
    "hand_over.before_mark",
    "report.intent_committed",
    "report.answer_received",
    "report.before_mark",
    "push.intent_committed",
    "push.answer_received",
];

/// The process dies when it comes to this point. The first call counts; an unknown name is refused.
#[cfg(feature = "crash-points")]
pub fn arm(name: &str) -> Result<(), String> {
    if !POINTS.contains(&name) {
        return Err(format!("`{name}` is not a crash point; there are {}", POINTS.join(", ")));
    }
    ARMED.get_or_init(|| name.to_owned());
    Ok(())
}

/// Dies here where this point is armed: no unwinding, no flushing, as in a power cut.
#[cfg(feature = "crash-points")]
pub(crate) fn point(name: &'static str) {
    debug_assert!(POINTS.contains(&name), "{name} is not listed");
    if ARMED.get().is_some_and(|armed| armed == name) {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(feature = "crash-points"))]
pub(crate) fn point(_: &'static str) {}
