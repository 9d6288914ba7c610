//! A file `.env`, read as python-dotenv reads it: that is how the system in use today read the very same file. A value without
//! quotes is taken as it stands, backslashes and dollars included; only ` #` begins a comment in it, and only `${NAME}` stands for
//! another variable.
//!
//! Source: python-dotenv's documentation, "File format" and "Variable expansion".

use std::collections::HashMap;

/// What a statement says; `line` is where it begins, from 1.
#[derive(Debug, PartialEq)]
pub(super) enum Statement<'a> {
    Set {
        name: &'a str,
        value: String,
    },
    /// It is passed over. `beginning` is what may be shown of it: never a value.
    Unreadable {
        line: usize,
        beginning: &'a str,
        reason: &'static str,
    },
}

/// All statements of a file. `outer` are variables that win over the file's own in `${NAME}`.
pub(super) fn read<'a>(text: &'a str, outer: impl Fn(&str) -> Option<String>) -> Vec<Statement<'a>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text };
    let mut values: HashMap<&str, String> = HashMap::new();
    let mut statements = Vec::new();
    while let Some(begin) = reader.next_statement() {
        match reader.statement() {
            Ok(Some((name, raw))) => {
                let value = expanded(&raw, |name| outer(name).or_else(|| values.get(name).cloned()));
                values.insert(name, value.clone());
                statements.push(Statement::Set { name, value });
            }
            Ok(None) => {}
            Err(reason) => {
                reader.skip_line();
                let line = 1 + text[..text.len() - begin.len()].matches('\n').count();
                let name = begin.strip_prefix("export").map_or(begin, str::trim_start);
                // Without an equal sign nothing tells a name from a secret.
                let beginning = match name.lines().next().and_then(|line| line.split_once('=')) {
                    Some((name, _)) => name.trim(),
                    None => "",
                };
                statements.push(Statement::Unreadable { line, beginning, reason });
            }
        }
    }
    statements
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// What is left, from the next statement or comment on.
    fn next_statement(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        (!self.rest.is_empty()).then_some(self.rest)
    }

    /// A name and its value as written; none in a comment, and where a name stands alone.
    fn statement(&mut self) -> Result<Option<(&'a str, String)>, &'static str> {
        if let Some(after) = self.rest.strip_prefix("export").filter(|after| after.starts_with([' ', '\t'])) {
            self.rest = after;
            self.skip_blanks();
        }
        let name = self.name()?;
        self.skip_blanks();
        let value = match self.rest.strip_prefix('=') {
            Some(after) => {
                self.rest = after;
                self.skip_blanks();
                Some(self.value()?)
            }
            None => None,
        };
        self.skip_blanks();
        if self.rest.starts_with('#') {
            self.skip_line();
        }
        if !self.rest.is_empty() && !self.rest.starts_with(['\r', '\n']) {
            return Err(match value {
                Some(_) => "something follows the closing quote",
                None => "it is not NAME=value",
            });
        }
        Ok(name.zip(value))
    }

    fn name(&mut self) -> Result<Option<&'a str>, &'static str> {
        if self.rest.starts_with('#') {
            return Ok(None);
        }
        if let Some(inner) = self.rest.strip_prefix('\'') {
            let (name, after) = inner.split_once('\'').ok_or("a quote is not closed")?;
            self.rest = after;
            return Ok(Some(name));
        }
        let end = self.rest.find(|letter: char| letter == '=' || letter == '#' || letter.is_whitespace());
        let (name, after) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = after;
        if name.is_empty() { Err("it has no name") } else { Ok(Some(name)) }
    }

    fn value(&mut self) -> Result<String, &'static str> {
        match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let inner = self.quoted(quote).ok_or("its quote is not closed")?;
                Ok(if quote == '"' {
                    unescaped(inner, in_double_quotes)
                } else {
                    unescaped(inner, in_single_quotes)
                })
            }
            _ => {
                let line = self.skip_line();
                let comment =
                    line.match_indices('#').find(|(at, _)| line[..*at].ends_with(char::is_whitespace));
                Ok(comment.map_or(line, |(at, _)| &line[..at]).trim_end().to_owned())
            }
        }
    }

    /// What stands between here and the closing quote, which may be lines away. A quote after a backslash closes only where no
    /// other does.
    fn quoted(&mut self, quote: char) -> Option<&'a str> {
        let inner = &self.rest[1..];
        let closes = |at: &usize| !inner[..*at].ends_with('\\');
        let at = inner.match_indices(quote).map(|(at, _)| at).find(closes).or_else(|| inner.rfind(quote))?;
        self.rest = &inner[at + 1..];
        Some(&inner[..at])
    }

    fn skip_blanks(&mut self) {
        self.rest =
            self.rest.trim_start_matches(|letter: char| letter.is_whitespace() && !"\r\n".contains(letter));
    }

    /// What is left of the line.
    fn skip_line(&mut self) -> &'a str {
        let (line, after) = self.rest.split_at(self.rest.find(['\r', '\n']).unwrap_or(self.rest.len()));
        self.rest = after;
        line
    }
}

fn in_single_quotes(letter: char) -> Option<char> {
    matches!(letter, '\\' | '\'').then_some(letter)
}

fn in_double_quotes(letter: char) -> Option<char> {
    Some(match letter {
        '\\' | '\'' | '"' => letter,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        _ => return None,
    })
}

/// A backslash before another letter is itself.
fn unescaped(text: &str, meaning: fn(char) -> Option<char>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.peek().copied().filter(|_| letter == '\\').and_then(meaning);
        if escaped.is_some() {
            letters.next();
        }
        plain.push(escaped.unwrap_or(letter));
    }
    plain
}

/// `${NAME}` and `${NAME:-else}`; a variable that is not there is empty.
fn expanded(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        let variable = after.split_once('}').map(|(inner, after)| (inner.split_once(':'), inner, after));
        match variable {
            Some((None, name, after)) => {
                plain.push_str(&value(name).unwrap_or_default());
                rest = after;
            }
            Some((Some((name, default)), _, after)) if default.starts_with('-') => {
                plain.push_str(&value(name).unwrap_or_else(|| default[1..].to_owned()));
                rest = after;
            }
            _ => {
                plain.push_str("${");
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(&str, String)> {
        let set = |statement| match statement {
            Statement::Set { name, value } => (name, value),
            Statement::Unreadable { .. } => panic!("{text}: {statement:?}"),
        };
        read(text, |name| (name == "OUTER").then(|| "outer".to_owned())).into_iter().map(set).collect()
    }

    /// What python-dotenv 1.0 makes of each was looked up by running it.
    #[test]
    fn values_are_those_of_python_dotenv() {
        for (line, value) in [
            (r"K=JTL-SERVER\JTLWAWI", r"JTL-SERVER\JTLWAWI"),
            (r"K=SRV\new", r"SRV\new"),
            ("K=to$ci#x", "to$ci#x"),
            ("K=ab$cd", "ab$cd"),
            ("K=p\"q'r", "p\"q'r"),
            ("K=two words", "two words"),
            ("K=value # a comment", "value"),
            ("K= # nothing", "# nothing"),
            ("K=#x", "#x"),
            ("K=", ""),
            ("K =  spaced  ", "spaced"),
            ("export K=1", "1"),
            ("'K'=1", "1"),
            (r"K='C:\temu $x # y' # comment", r"C:\temu $x # y"),
            (r"K='it\'s \\ \n'", r"it's \ \n"),
            (r"K='C:\temu\'", r"C:\temu\"),
            (r#"K="a\"b\tc\d""#, "a\"b\tc\\d"),
            ("K=\"two\nlines\"", "two\nlines"),
            ("K=${OUTER}/${NONE}/${NONE:-else}", "outer//else"),
            ("K=${open", "${open"),
            ("K=a=b", "a=b"),
            ("\u{feff}K=bom", "bom"),
        ] {
            assert_eq!(values(line), [("K", value.to_owned())], "{line}");
        }
    }

    #[test]
    fn lines_of_windows_comments_and_names_alone_are_no_trouble() {
        let text = "# first\r\nA=1\r\n\r\nALONE\r\nB=${A}2\r\n  #C=3\r\n";
        assert_eq!(values(text), [("A", "1".to_owned()), ("B", "12".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_value() {
        let statements = read("A=1\nSQL_PASSWORD='secret\nthis is secret\nB=\"x\" y\nC=3\n", |_| None);
        let told: Vec<(usize, &str)> = statements
            .iter()
            .filter_map(|statement| match statement {
                Statement::Unreadable { line, beginning, .. } => Some((*line, *beginning)),
                Statement::Set { .. } => None,
            })
            .collect();
        assert_eq!(told, [(2, "SQL_PASSWORD"), (3, ""), (4, "B")]);
        assert_eq!(statements.last(), Some(&Statement::Set { name: "C", value: "3".to_owned() }));
        assert!(!format!("{:?}", &statements[1..4]).contains("secret"));
    }
}
