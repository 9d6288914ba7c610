//! Which Marktwerk sends an alert: whoever gets several has to tell them apart, and wants to look.

/// The program that sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// The machine's name; empty where it is not known.
    pub host: String,
    /// Where its screen is, where that is known.
    pub link: Option<String>,
}

impl Sender {
    /// `Marktwerk on HOST`.
    pub(crate) fn name(&self) -> String {
        match self.host.as_str() {
            "" => "Marktwerk".to_owned(),
            host => format!("Marktwerk on {host}"),
        }
    }
}
