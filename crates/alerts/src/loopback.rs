//! Whether a host is this machine: the one place where something may travel in clear.

use std::net::IpAddr;

/// `localhost`, 127.0.0.0/8, `::1` with or without brackets. Names are not looked up.
pub(crate) fn is_loopback(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || number.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_the_world() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "192.168.0.1", "0.0.0.0", "[::]", "example.org", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
