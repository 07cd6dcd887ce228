//! The HTTP face of a show, and its live feed.
