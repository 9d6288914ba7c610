//! The running world: its two databases, its HTTP server, its background tasks, and their end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::{self, Control};
use crate::error::SandboxError;
use crate::jtl::{self, Erp};
use crate::options::{SandboxCredentials, SandboxOptions, SimulatedAccount};
use crate::temu::{self, Market};

/// A running sandbox. [`Sandbox::shutdown`] ends it in order; dropping it stops its tasks as well.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    jtl_database: PathBuf,
    control: Control,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Sandbox {
    /// Opens (or continues) the world of the data directory and lets it run.
    ///
    /// # Errors
    /// When the directory, the address or one of the databases cannot be used.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        let directory = |source| SandboxError::Directory { path: options.data_dir.clone(), source };
        std::fs::create_dir_all(&options.data_dir).map_err(directory)?;
        let listen = |source| SandboxError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let jtl_database = options.data_dir.join("jtl.db");
        let erp = Arc::new(Erp::open(&jtl_database, &options)?);
        let market = if options.marketplace {
            Some(Arc::new(Market::open(&options.data_dir.join("temu.db"), &options)?))
        } else {
            None
        };
        let control = Control::new(market.clone(), Arc::clone(&erp));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut routes = control::http::routes(control.clone());
        tasks.spawn(jtl::run(erp, stop.clone()));
        if let Some(market) = market {
            routes = routes.merge(temu::server::routes(Arc::clone(&market)));
            tasks.spawn(temu::life::run(market, stop.clone()));
        }
        let routes = routes.layer(middleware::from_fn_with_state(stop.clone(), until_stopped));
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the sandbox's server ended by itself");
            }
        });
        tasks.close();
        Ok(Self { address, jtl_database, control, stop, tasks })
    }

    /// Where the marketplace's Open API answers.
    pub fn temu_endpoint(&self) -> String {
        format!("{}/openapi/router", self.base_url())
    }

    /// Root of the HTTP server; `/control/*` hangs below it.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the levers are listed; each hangs below it.
    pub fn control_url(&self) -> String {
        format!("{}/control", self.base_url())
    }

    /// What the simulated marketplace accepts.
    pub fn credentials() -> SandboxCredentials {
        SandboxCredentials {
            app_key: "sandbox-app-key",
            app_secret: "sandbox-app-secret-not-a-real-one",
            access_token: "sandbox-access-token",
        }
    }

    /// An account at each of the simulated marketplaces.
    pub fn accounts(&self) -> Vec<SimulatedAccount> {
        let SandboxCredentials { app_key, app_secret, access_token } = Self::credentials();
        let values = [("app_key", app_key), ("app_secret", app_secret), ("access_token", access_token)];
        let temu = SimulatedAccount {
            marketplace: "temu",
            endpoint: self.temu_endpoint(),
            values: values.map(|(key, value)| (key, value.to_owned())).to_vec(),
        };
        vec![temu]
    }

    /// The SQLite file that stands for JTL's database.
    pub fn jtl_database(&self) -> &Path {
        &self.jtl_database
    }

    /// The world's levers.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops the tasks and waits for them.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// A call that still runs at the end (a slow fault on a clock that stands still) must not keep the end waiting.
async fn until_stopped(State(stop): State<CancellationToken>, request: Request, next: Next) -> Response {
    tokio::select! {
        () = stop.cancelled() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        response = next.run(request) => response,
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
