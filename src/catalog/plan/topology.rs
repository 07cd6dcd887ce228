//! From the document to what the show's core needs of it.

use std::collections::HashMap;

use aisle_core::{
    Area, AreaNo, CategoryNo, Plan, PlanBuilder, PlanError, PlanVersionId, Point, Seat, SeatNo, SectionNo,
};

use super::PlanDocument;
use super::format::{Position, RowKind};

/// Why a checked plan cannot be given to a show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The plan's table of numbers lacks a seat of this version.
    #[error("seat {guid} has no number")]
    SeatWithoutNumber {
        /// Which.
        guid: String,
    },
    /// The plan's table of numbers lacks an area of this version.
    #[error("area {area_id} has no number")]
    AreaWithoutNumber {
        /// Which.
        area_id: String,
    },
    /// The numbers contradict each other.
    #[error("the plan's numbers contradict each other")]
    Plan(#[from] PlanError),
}

fn point(at: Position) -> Point {
    Point { x: at.x as f32, y: at.y as f32 }
}

impl PlanDocument {
    /// The plan as the core wants it, with the numbers that the plan has given to its seats and areas.
    ///
    /// # Errors
    /// Where a number is missing or was given twice.
    pub fn topology(
        &self,
        version: PlanVersionId,
        seat_number: impl Fn(&str) -> Option<SeatNo>,
        area_number: impl Fn(&str) -> Option<AreaNo>,
    ) -> Result<Plan, TopologyError> {
        let document = &self.document;
        let names = document.categories.iter().map(|category| category.name.as_str());
        let categories: HashMap<&str, CategoryNo> = names.clone().zip((0..).map(CategoryNo)).collect();
        // The document is checked, so each category is found; the number past the end is refused by the builder.
        let category_of = |name: &str| categories.get(name).copied().unwrap_or(CategoryNo(u16::MAX));
        let mut plan = PlanBuilder::new(version, names);
        if let Some(focal_point) = document.focal_point {
            plan.focal_point(point(focal_point));
        }
        for zone in &document.zones {
            plan.section(zone.zone_id.as_str());
            if let Some(focal_point) = zone.focal_point {
                plan.section_focal_point(point(zone.position + focal_point));
            }
            for row in &zone.rows {
                match row.kind {
                    RowKind::Line => plan.row(),
                    RowKind::Table | RowKind::Box => {
                        plan.table(format!("{}-{}", zone.zone_id, row.row_number), row.sold_whole);
                    }
                }
                for seat in &row.seats {
                    let guid = seat.seat_guid.as_str();
                    let number =
                        seat_number(guid).ok_or_else(|| TopologyError::SeatWithoutNumber { guid: guid.to_owned() })?;
                    plan.seat(Seat {
                        number,
                        guid: guid.into(),
                        section: SectionNo(0),
                        row: 0,
                        category: category_of(&seat.category),
                        position: point(zone.position + row.position + seat.position),
                        accessible: seat.accessible,
                        companion: seat.companion,
                    });
                }
            }
        }
        for (_, area) in self.general_admission() {
            let id = area.area_id.as_str();
            let number = area_number(id).ok_or_else(|| TopologyError::AreaWithoutNumber { area_id: id.to_owned() })?;
            plan.area(Area { number, id: id.into(), category: category_of(&area.category), capacity: area.capacity });
        }
        Ok(plan.build()?)
    }
}
