//! An alert as a mail: plain text in UTF-8, the same bytes at every try.
//!
//! Nothing of an alert can begin a header of its own: a title becomes one line before it is encoded, and what comes from a number
//! or a time has no line breaks.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, SinglePart};
use marktwerk_domain::alert::Alert;

use crate::error::AlertError;
use crate::identity;
use crate::sender::Sender;

/// Letters of a subject.
const LONGEST_SUBJECT: usize = 200;

/// The mail of an alert, ready to be sent except for SMTP's dot stuffing.
pub(super) fn write(
    alert: &Alert,
    sender: &Sender,
    from: &Mailbox,
    to: &[Mailbox],
) -> Result<Vec<u8>, AlertError> {
    let key = identity::delivery_key(alert);
    let builder = Message::builder()
        .date(SystemTime::from(alert.at.max(Timestamp::UNIX_EPOCH)))
        .from(from.clone())
        .subject(one_line(&format!("{}: {}", sender.name(), alert.title)))
        // Mail programs and servers show a Message-ID once.
        .message_id(Some(format!("<marktwerk-alert-{key}@{}>", from.email.domain())))
        // No out-of-office note answers it: RFC 3834, and Exchange's own word.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(header("X-Auto-Response-Suppress", "All".to_owned()))
        // For people's mail rules.
        .raw_header(header("X-Marktwerk-Change", identity::change_word(alert).to_owned()));
    let builder = to.iter().fold(builder, |builder, recipient| builder.to(recipient.clone()));
    let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text(alert, sender));
    let message = builder
        .singlepart(part)
        .map_err(|error| AlertError::permanent(format!("the alert cannot be written as a mail: {error}")))?;
    Ok(message.formatted())
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// Control characters and line breaks become spaces.
fn one_line(title: &str) -> String {
    let words: Vec<&str> = title
        .split(|letter: char| letter.is_control() || letter.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(LONGEST_SUBJECT).collect()
}

/// The message, and below it in any language's words where it comes from.
fn text(alert: &Alert, sender: &Sender) -> String {
    let lines = alert
        .message
        .lines()
        .map(|line| line.replace(|letter: char| letter.is_control() && letter != '\t', " "));
    let message = lines.collect::<Vec<String>>().join("\n");
    let mut facts = vec![one_line(&sender.name())];
    facts.extend(Some(one_line(alert.job_id.as_str())).filter(|job| !job.is_empty()));
    facts.extend(alert.run.map(|run| format!("run {run}")));
    facts.push(identity::change_word(alert).to_owned());
    facts.push(alert.at.to_string());
    let link = sender.link.as_ref().map(|link| format!("\n\n{}", one_line(link))).unwrap_or_default();
    format!("{}{link}\n\n-- \n{}\n", message.trim_end(), facts.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::mailbox::{recipients, sender};
    use crate::sample;

    fn written(alert: &Alert) -> String {
        let to = recipients(&["ada@example.org".to_owned(), "Grün <b@example.org>".to_owned()]).unwrap();
        String::from_utf8(
            write(alert, &sample::sender(), &sender("Marktwerk <alerts@example.org>").unwrap(), &to).unwrap(),
        )
        .unwrap()
    }

    fn headers(mail: &str) -> Vec<&str> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        head.split("\r\n").collect()
    }

    #[test]
    fn the_whole_mail() {
        let expected = concat!(
            "Date: Mon, 30 Nov 2026 08:15:00 +0000\r\n",
            "From: Marktwerk <alerts@example.org>\r\n",
            "Subject: Marktwerk on shop-server: =?utf-8?b?QXVmdHLDpGdl?= angehalten\r\n",
            "Message-ID: <marktwerk-alert-17-1796026500@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "X-Marktwerk-Change: paused\r\n",
            "To: ada@example.org, =?utf-8?b?R3LDvG4=?= <b@example.org>\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Transfer-Encoding: quoted-printable\r\n",
            "\r\n",
            "TEMU refuses the key.\r\n.\r\nRenew it & resume <the job>.\r\n",
            "\r\nhttps://marktwerk.example/\r\n",
            "\r\n--=20\r\nMarktwerk on shop-server | order_workflow | run 4711 | paused | 2026-11-30T=\r\n08:15:00.25Z\r\n\r\n",
        );
        assert_eq!(written(&sample::alert()), expected);
    }

    #[test]
    fn no_title_begins_a_header() {
        let alert = Alert { title: "one\r\nBcc: eve@example.net".to_owned(), ..sample::alert() };
        assert!(
            written(&alert).contains("\r\nSubject: Marktwerk on shop-server: one Bcc: eve@example.net\r\n")
        );
        let known = headers(&written(&sample::alert())).len();
        for title in [
            "one\r\nBcc: eve@example.net",
            "one\nBcc: eve@example.net\n\nbody",
            "ä\rBcc: eve@example.net",
            "one\u{2028}Bcc: eve@example.net\u{85}Bcc: eve@example.net",
            "one\r\n\r\nbody\u{0}",
        ] {
            let mail = written(&Alert { title: title.to_owned(), ..sample::alert() });
            let headers = headers(&mail);
            let begin_one = |line: &&&str| line.starts_with("Bcc") || line.starts_with("body");
            assert_eq!(headers.iter().filter(begin_one).count(), 0, "{mail}");
            let folded = headers.iter().filter(|line| line.starts_with(' ')).count();
            assert_eq!(headers.len() - folded, known, "{mail}");
            assert!(
                mail.bytes().all(|byte| byte == b'\r' || byte == b'\n' || (b' '..=b'~').contains(&byte)),
                "{mail}"
            );
        }
    }

    #[test]
    fn whatever_stands_in_it_lines_are_short_enough_and_ascii() {
        let alert = Alert {
            title: "x".repeat(3_000),
            message: format!("{}\u{0}\u{7}\r\n{}", "ü".repeat(3_000), "y".repeat(3_000)),
            job_id: marktwerk_domain::job::JobId("Aufträge\r\nX: y".to_owned()),
            at: Timestamp::MIN,
            ..sample::alert()
        };
        for alert in [alert.clone(), Alert { at: Timestamp::MAX, ..alert }] {
            let mail = written(&alert);
            assert!(mail.is_ascii());
            // RFC 5322 §2.1.1
            assert!(mail.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
        }
    }
}
