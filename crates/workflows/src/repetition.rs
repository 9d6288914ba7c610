//! A repetition of a run may begin at one of its workflow's steps: which ones it does, and which it leaves out.

use marktwerk_engine::RunContext;

/// The steps of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    names: &'static [&'static str],
    first: usize,
}

impl Steps {
    /// Of a run of the workflow with these steps, in their order. One that is to begin at a step that is gone from this version
    /// does them all: each does only what is not done.
    pub(crate) fn of(context: &RunContext, names: &'static [&'static str]) -> Self {
        let from = context.run().from_step.as_deref();
        let first = from.and_then(|from| names.iter().position(|name| *name == from));
        Self { names, first: first.unwrap_or(0) }
    }

    /// Whether the run does this step.
    pub(crate) fn include(self, name: &str) -> bool {
        self.names[self.first..].contains(&name)
    }

    /// The step that the run begins with.
    pub(crate) fn first(self) -> &'static str {
        self.names[self.first]
    }

    /// The steps before it.
    pub(crate) fn left_out(self) -> &'static [&'static str] {
        &self.names[..self.first]
    }
}
