//! How much a plan may hold.

/// Limits of a plan. The defaults are what the product allows; tests set them low to reach them.
#[derive(Clone, Copy, Debug)]
pub struct PlanLimits {
    /// The largest stadiums seat 115,000; beyond is a mistake.
    pub seats_max: usize,
    /// General-admission areas are counted one by one in every answer, so there are few.
    pub areas_max: usize,
    /// Shapes that are only drawn: outlines, stages, labels.
    pub shapes_max: usize,
    /// Places of one general-admission area.
    pub capacity_max: u32,
    /// Sections; a stadium has some two hundred.
    pub zones_max: usize,
    /// Rows of the whole plan.
    pub rows_max: usize,
    /// Price categories; each is a line in every price table.
    pub categories_max: usize,
    /// Points of one polygon.
    pub points_max: usize,
    /// Names, labels and ids, in characters.
    pub text_chars_max: usize,
    /// Coordinates and lengths lie between this and its negative: beyond it, 32-bit positions lose what makes neighbours.
    pub coordinate_max: f64,
    /// The document, in bytes: 150,000 seats with every field filled.
    pub document_bytes_max: usize,
    /// Objects in the document: two a seat, and as many again for everything else. Bounds the memory that reading takes.
    pub objects_max: usize,
    /// Commas in the document, for the same reason.
    pub commas_max: usize,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self {
            seats_max: 150_000,
            areas_max: 64,
            shapes_max: 2_000,
            capacity_max: 150_000,
            zones_max: 1_000,
            rows_max: 20_000,
            categories_max: 100,
            points_max: 1_000,
            text_chars_max: 200,
            coordinate_max: 1e6,
            document_bytes_max: 32 * 1024 * 1024,
            objects_max: 600_000,
            commas_max: 4_000_000,
        }
    }
}
