//! What a marketplace says to something that it is told: a report of shipment, a stock figure.

/// The answer to a write. None of these is worth another try as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteAnswer {
    /// It took it.
    Done {
        /// What it remarked all the same, in its own words.
        warnings: Vec<String>,
    },
    /// It has this already: read back whether it is ours.
    AlreadyThere,
    /// It understood and said no: a person must look.
    Refused {
        /// The marketplace's code of the error; empty where it named none.
        code: String,
        /// Its own words, and the cure where one is known.
        message: String,
    },
}

impl WriteAnswer {
    /// Taken, without a remark.
    pub fn done() -> Self {
        Self::Done { warnings: Vec::new() }
    }
}
