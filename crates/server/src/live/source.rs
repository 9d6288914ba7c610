//! Where answers come from: the engine, its store, and the zone that times are shown in.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::language::{Language, Reader};
use marktwerk_engine::Engine;
use marktwerk_store::{SharedStore, StoreResult};

use crate::times;

/// The engine as answers read it; a clone is cheap.
#[derive(Clone)]
pub(crate) struct Source {
    engine: Arc<Engine>,
    zone: TimeZone,
}

impl Source {
    pub(crate) fn new(engine: Arc<Engine>, zone: TimeZone) -> Self {
        Self { engine, zone }
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    pub(crate) fn store(&self) -> &SharedStore {
        self.engine.store()
    }

    /// Those of these jobs that are there.
    pub(crate) async fn jobs_of(&self, ids: &[JobId]) -> StoreResult<Vec<Job>> {
        self.engine.jobs_of(ids).await
    }

    /// The reader's language and time zone.
    pub(crate) fn reader(&self, language: Language) -> Reader {
        Reader { language, zone: self.zone.clone() }
    }

    /// The name of the zone that times are shown in.
    pub(crate) fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// A time as answers carry it.
    pub(crate) fn time(&self, time: Timestamp) -> String {
        times::text(time, &self.zone)
    }
}
