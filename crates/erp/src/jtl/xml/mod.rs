//! The XML document of one order, in the dialect that `dbo.tXMLBestellImport` takes ("OldWawi"; the DLL's
//! dialect has other elements and must not be mixed in).

mod address;
mod country;
mod document;
mod price;
mod text;
mod writer;

pub(crate) use document::render;
pub(crate) use text::escape;
