//! Where a database is and how to log in: `mssql://user:password@host:port/database`, or the words of the system in use today
//! (`HOST\INSTANCE`, `HOST,PORT`).

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// SQL Server's port where neither a port nor an instance is named.
const DEFAULT_PORT: u16 = 1433;

/// How the connection is kept secret. The login is encrypted always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Everything is encrypted, and the server's certificate must be one that this machine trusts.
    #[default]
    Required,
    /// The same with a certificate that this file (PEM or DER) has signed.
    Authority(PathBuf),
    /// Everything is encrypted, and any certificate is taken: nobody proves that it is the right server.
    AnyCertificate,
    /// Only the login is encrypted, with any certificate.
    LoginOnly,
}

/// A database on a server.
#[derive(Clone)]
pub struct Address {
    /// Name or address of the machine.
    pub host: String,
    /// The named instance, which the server's browser service finds (UDP 1434).
    pub instance: Option<String>,
    /// The port; with it the instance's name is not looked up.
    pub port: Option<u16>,
    /// The database.
    pub database: String,
    /// The SQL login.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// How the connection is kept secret.
    pub encryption: Encryption,
}

/// An address that cannot be used; never shows the address, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(String);

impl Address {
    /// Reads `mssql://[user[:password]@]host[:port]/database[?instance=NAME][&encrypt=…][&authority=FILE]`, where `encrypt` is
    /// `required` (the default), `any-certificate` or `login-only`. Special characters of a password are written `%XX`.
    ///
    /// # Errors
    /// With what is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refuse = |reason: String| {
            AddressError(format!(
                "{reason}; write mssql://user:password@host:1433/database or mssql://host/database?instance=NAME"
            ))
        };
        let url = Url::parse(text).map_err(|error| refuse(format!("this is not an address ({error})")))?;
        if !matches!(url.scheme(), "mssql" | "sqlserver") {
            return Err(refuse(format!("`{}:` is not SQL Server", url.scheme())));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let database = decoded(url.path().trim_start_matches('/'))?;
        let mut address = Self {
            host: host.ok_or_else(|| refuse("no host is named".to_owned()))?.to_owned(),
            instance: None,
            port: url.port(),
            database,
            user: decoded(url.username())?,
            password: SecretString::from(decoded(url.password().unwrap_or_default())?),
            encryption: Encryption::Required,
        };
        if address.database.is_empty() {
            return Err(refuse("no database is named".to_owned()));
        }
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("instance", value) => address.instance = Some(value.to_owned()),
                ("encrypt", "required") => {}
                ("encrypt", "any-certificate") => address.encryption = Encryption::AnyCertificate,
                ("encrypt", "login-only") => address.encryption = Encryption::LoginOnly,
                ("authority", file) => address.encryption = Encryption::Authority(PathBuf::from(file)),
                ("encrypt", other) => {
                    return Err(refuse(format!(
                        "encrypt={other} is not known: required, any-certificate and login-only are"
                    )));
                }
                (other, _) => {
                    return Err(refuse(format!(
                        "`{other}` is not known: instance, encrypt and authority are"
                    )));
                }
            }
        }
        Ok(address)
    }

    /// Host and instance or port as the system in use today writes them: `HOST`, `HOST\INSTANCE`, `HOST,PORT` or `HOST:PORT`, each with
    /// `tcp:` before it or without.
    ///
    /// # Errors
    /// With what is wrong and what to write instead.
    pub fn of_server(server: &str, database: &str) -> Result<Self, AddressError> {
        let text = server.trim();
        let text = text.strip_prefix("tcp:").unwrap_or(text);
        // The old system took a colon for a comma; an IPv6 address has several.
        let by_colon = || text.split_once(':').filter(|(_, port)| !port.contains(':'));
        let (text, port) = match text.split_once(',').or_else(by_colon) {
            None => (text, None),
            Some((text, port)) => {
                let port = port.trim().parse().map_err(|_| {
                    AddressError(format!(
                        "`{}` is not a port; write HOST,1433 or HOST\\INSTANCE",
                        port.trim()
                    ))
                })?;
                (text, Some(port))
            }
        };
        let (host, instance) = match text.split_once('\\') {
            None => (text, None),
            Some((host, instance)) => (host, Some(instance.trim().to_owned())),
        };
        let host = match host.trim() {
            "" => return Err(AddressError("no host is named; write HOST,1433 or HOST\\INSTANCE".to_owned())),
            "." | "(local)" => "localhost",
            host => host,
        };
        Ok(Self {
            host: host.to_owned(),
            instance: instance.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("MSSQLSERVER")),
            port,
            database: database.to_owned(),
            user: String::new(),
            password: SecretString::default(),
            encryption: Encryption::Required,
        })
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// The port where it is known without asking the server.
    pub(crate) fn known_port(&self) -> Option<u16> {
        match (&self.instance, self.port) {
            (_, Some(port)) => Some(port),
            (None, None) => Some(DEFAULT_PORT),
            (Some(_), None) => None,
        }
    }

    /// Whether both are the same server by their words; two names of one machine are not seen through.
    pub fn is_same_server(&self, other: &Self) -> bool {
        let place = |address: &Self| {
            let instance = address.instance.as_deref().filter(|_| address.port.is_none());
            (address.host.to_lowercase(), instance.map(str::to_lowercase), address.known_port())
        };
        place(self) == place(other)
    }

    pub(crate) fn password(&self) -> &str {
        self.password.expose_secret()
    }

    /// As [`Address::parse`] reads it, login and password included: for programs of ours, never for people.
    pub fn url_with_password(&self) -> String {
        let (user, password) = (encoded(&self.user), encoded(self.password()));
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let mut query = Vec::new();
        query.extend(self.instance.as_ref().map(|instance| format!("instance={}", encoded(instance))));
        query.extend(match &self.encryption {
            Encryption::Required => None,
            Encryption::Authority(file) => Some(format!("authority={}", encoded(&file.to_string_lossy()))),
            Encryption::AnyCertificate => Some("encrypt=any-certificate".to_owned()),
            Encryption::LoginOnly => Some("encrypt=login-only".to_owned()),
        });
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("mssql://{user}:{password}@{}{port}/{}{query}", self.host, encoded(&self.database))
    }

    /// The server as an operator writes it, without the database.
    pub fn server(&self) -> String {
        match (&self.instance, self.port) {
            (_, Some(port)) => format!("{},{port}", self.host),
            (Some(instance), None) => format!("{}\\{instance}", self.host),
            (None, None) => self.host.clone(),
        }
    }
}

/// Without login and password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "database {} on {}", self.database, self.server())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self}, user {:?}, {:?})", self.user, self.encryption)
    }
}

fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn decoded(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        match byte {
            b'%' => match (digit(), digit()) {
                (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                _ => {
                    return Err(AddressError(
                        "a `%` is followed by two hexadecimal digits; write % itself as %25".to_owned(),
                    ));
                }
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| AddressError("what follows `%` is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_all_its_parts() {
        let address =
            Address::parse("mssql://shop:p%40ss%2Fw@db.example:1444/toci?encrypt=any-certificate").unwrap();
        assert_eq!(
            (address.host.as_str(), address.port, address.user.as_str()),
            ("db.example", Some(1444), "shop")
        );
        assert_eq!((address.password(), address.database.as_str()), ("p@ss/w", "toci"));
        assert_eq!(address.encryption, Encryption::AnyCertificate);
        assert_eq!(address.to_string(), "database toci on db.example,1444");
        assert!(!format!("{address:?}").contains("p@ss"));
        let again = Address::parse(&address.url_with_password()).unwrap();
        assert_eq!(
            (again.password(), &again.encryption, again.port),
            ("p@ss/w", &address.encryption, Some(1444))
        );
        let named = Address::parse("mssql://erp/eazybusiness?instance=JTLWAWI").unwrap();
        assert_eq!((named.known_port(), named.server().as_str()), (None, "erp\\JTLWAWI"));
    }

    #[test]
    fn what_cannot_be_an_address_is_told_with_its_cure() {
        for (text, part) in [
            ("toci", "this is not an address"),
            ("postgres://h/toci", "is not SQL Server"),
            ("mssql://h", "no database is named"),
            ("mssql://h/toci?encrypt=no", "encrypt=no is not known"),
            ("mssql://h/toci?trust=yes", "`trust` is not known"),
            ("mssql://u:secret%zz@h/toci", "two hexadecimal digits"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn the_words_of_the_old_settings_are_understood() {
        let place = |text: &str| {
            Address::of_server(text, "toci").map(|address| (address.server(), address.known_port()))
        };
        assert_eq!(place("SRV\\JTLWAWI"), Ok(("SRV\\JTLWAWI".to_owned(), None)));
        assert_eq!(place("tcp:SRV,1444"), Ok(("SRV,1444".to_owned(), Some(1444))));
        assert_eq!(place("SRV:1444"), Ok(("SRV,1444".to_owned(), Some(1444))));
        assert_eq!(place("tcp:SRV:1444"), Ok(("SRV,1444".to_owned(), Some(1444))));
        assert_eq!(place("SRV\\JTLWAWI, 1444"), Ok(("SRV,1444".to_owned(), Some(1444))));
        assert_eq!(place("(local)\\MSSQLSERVER"), Ok(("localhost".to_owned(), Some(1433))));
        assert!(place("SRV,port").is_err() && place("SRV:port").is_err() && place(" ").is_err());
    }
}
