//! Elements and text on quick-xml's writer. Text passes through [`super::escape`] here and nowhere else.

use std::io;

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::escape;

/// A document under way.
pub(crate) struct Writer(quick_xml::Writer<Vec<u8>>);

impl Writer {
    /// A document with its declaration. The declaration names Latin-1, which JTL's import demands.
    pub(crate) fn start() -> io::Result<Self> {
        let mut writer = quick_xml::Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("ISO-8859-1"), None)))?;
        Ok(Self(writer))
    }

    /// `<name attribute="value" …>`, what `inside` writes, `</name>`.
    pub(crate) fn element(
        &mut self,
        name: &str,
        attributes: &[(&str, i64)],
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut start = BytesStart::new(name);
        for (attribute, value) in attributes {
            start.push_attribute((*attribute, value.to_string().as_str()));
        }
        self.0.write_event(Event::Start(start))?;
        inside(self)?;
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// `<name>text</name>`, or `<name/>` where there is no text.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        let text = escape(text);
        if text.is_empty() {
            return self.0.write_event(Event::Empty(BytesStart::new(name)));
        }
        self.0.write_event(Event::Start(BytesStart::new(name)))?;
        self.0.write_event(Event::Text(BytesText::from_escaped(text)))?;
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    /// `<name/>` for each.
    pub(crate) fn empty(&mut self, names: &[&str]) -> io::Result<()> {
        names.iter().try_for_each(|name| self.0.write_event(Event::Empty(BytesStart::new(*name))))
    }

    /// The finished document.
    pub(crate) fn finish(self) -> io::Result<String> {
        String::from_utf8(self.0.into_inner()).map_err(io::Error::other)
    }
}
