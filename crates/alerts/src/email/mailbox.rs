//! People's addresses as the settings write them, brought into the form that every mail server takes.

use lettre::Address;
use lettre::message::Mailbox;
use reqwest::Url;

use crate::error::AlertError;

/// The sender.
pub(super) fn sender(text: &str) -> Result<Mailbox, AlertError> {
    if text.trim().is_empty() {
        return Err(AlertError::settings("from", "is missing; write the sender, such as alerts@example.org"));
    }
    mailbox(text).map_err(|reason| AlertError::settings("from", reason))
}

/// The recipients, at least one.
pub(super) fn recipients(texts: &[String]) -> Result<Vec<Mailbox>, AlertError> {
    if texts.is_empty() {
        return Err(AlertError::settings(
            "to",
            r#"is empty; name the recipients, such as ["you@example.org"]"#,
        ));
    }
    let numbered = texts.iter().enumerate();
    numbered
        .map(|(index, text)| {
            mailbox(text)
                .map_err(|reason| AlertError::settings("to", format!("(number {}) {reason}", index + 1)))
        })
        .collect()
}

/// The domain is written in ASCII, for few servers take another; before the `@` there is no such way.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let expected = "must be one address, such as ada@example.org or Ada <ada@example.org>";
    if text.contains(char::is_control) {
        return Err(format!("{expected}, on one line"));
    }
    let mailbox: Mailbox = text.trim().parse().map_err(|_| expected.to_owned())?;
    if !mailbox.email.user().is_ascii() {
        return Err(format!(
            "{expected}: letters beyond ASCII before the @ are refused by most mail servers"
        ));
    }
    let domain = ascii_domain(mailbox.email.domain()).ok_or_else(|| expected.to_owned())?;
    let address = Address::new(mailbox.email.user(), domain).map_err(|_| expected.to_owned())?;
    Ok(Mailbox::new(mailbox.name, address))
}

fn ascii_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_owned());
    }
    Url::parse(&format!("https://{domain}/")).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_with_and_without_a_name() {
        let taken =
            |text: &str| sender(text).map(|mailbox| (mailbox.name, mailbox.email.to_string())).unwrap();
        assert_eq!(taken(" alerts@example.org "), (None, "alerts@example.org".to_owned()));
        let named = taken("Müller & Söhne <alerts@example.org>");
        assert_eq!(named.1, "alerts@example.org");
        assert_eq!(taken("alerts@bücher.example").1, "alerts@xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_single_address_is_refused() {
        for text in [
            "alerts",
            "alerts@",
            "@example.org",
            "a@example.org, b@example.org",
            "a@example.org b@example.org",
            "a@example.org\r\nBcc: b@example.org",
            "\"a\nb\"@example.org",
            "A\u{0}da <a@example.org>",
            "größe@example.org",
            "a@exa mple.org",
        ] {
            let error = sender(text).map(|mailbox| mailbox.to_string()).expect_err(text);
            assert!(matches!(error, AlertError::Settings { field: "from", .. }), "{error:?}");
        }
    }

    #[test]
    fn the_fault_of_a_recipient_names_which_one_and_not_whom() {
        let error = recipients(&["a@example.org".to_owned(), "ada.example.org".to_owned()]).unwrap_err();
        assert!(error.to_string().starts_with("to (number 2) must be one address"), "{error}");
        assert!(!error.to_string().contains("ada.example"), "{error}");
        assert!(recipients(&[]).unwrap_err().to_string().starts_with("to is empty"));
    }
}
