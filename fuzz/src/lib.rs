//! The parts that fuzz targets share: how an input is read, sides of a connection, and little parsers that are
//! obviously right, by which the library is judged.

pub mod boxes;
pub mod conversation;
pub mod datagram;
pub mod feed;
pub mod input;
pub mod model;
pub mod parties;
pub mod stream;
