//! The job types of the simulated world.

/// A job type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) accounts: &'static [&'static str],
    /// Never beside another that writes for the same account.
    pub(crate) writes: bool,
    /// Can be asked whether there is anything to do.
    pub(crate) has_probe: bool,
}

pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "orders", accounts: &["north", "south"], writes: true, has_probe: true },
    Kind { name: "stock", accounts: &["north", "south"], writes: true, has_probe: false },
    Kind { name: "report", accounts: &["north"], writes: false, has_probe: false },
    Kind { name: "chore", accounts: &[], writes: false, has_probe: true },
];

/// The job type of that name.
pub(crate) fn kind(name: &str) -> Kind {
    KINDS.iter().copied().find(|kind| kind.name == name).unwrap_or(KINDS[0])
}
