//! Who owns each seat: four bytes a seat, and the counts that follow from them.

use std::collections::HashMap;
use std::hash::Hash;

use crate::ids::{CategoryNo, SeatNo};
use crate::plan::{Plan, SEAT_NUMBER_MAX};

/// A record's place in its [`Slab`]: what a seat knows of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    pub fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who owns a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    Hold(Slot),
    Booking(Slot),
    Allocation(Slot),
}

impl Owner {
    fn kind(self) -> usize {
        match self {
            Self::Nobody => 0,
            Self::Hold(_) => 1,
            Self::Booking(_) => 2,
            Self::Allocation(_) => 3,
        }
    }
}

/// An [`Owner`] in four bytes: two bits say what it is, the others are its slot. A show has fewer than 2^30 records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell(u32);

impl From<Owner> for Cell {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Nobody => Self(0),
            Owner::Hold(Slot(slot)) => Self(slot << 2 | 1),
            Owner::Booking(Slot(slot)) => Self(slot << 2 | 2),
            Owner::Allocation(Slot(slot)) => Self(slot << 2 | 3),
        }
    }
}

impl From<Cell> for Owner {
    fn from(cell: Cell) -> Self {
        let slot = Slot(cell.0 >> 2);
        match cell.0 & 3 {
            1 => Self::Hold(slot),
            2 => Self::Booking(slot),
            3 => Self::Allocation(slot),
            _ => Self::Nobody,
        }
    }
}

/// How many places are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Anyone may hold them.
    pub available: u32,
    /// Set aside for buyers.
    pub held: u32,
    /// Sold.
    pub booked: u32,
    /// Kept by the house.
    pub blocked: u32,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.available + self.held + self.booked + self.blocked
    }

    fn of_kind(&mut self, owner: Owner) -> &mut u32 {
        match owner {
            Owner::Nobody => &mut self.available,
            Owner::Hold(_) => &mut self.held,
            Owner::Booking(_) => &mut self.booked,
            Owner::Allocation(_) => &mut self.blocked,
        }
    }
}

/// One bit a place.
#[derive(Clone, Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of so many is set.
    pub fn new(end: usize) -> Self {
        Self(vec![0; end.div_ceil(64)])
    }

    pub fn set(&mut self, at: usize, value: bool) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word = *word & !(1 << (at % 64)) | u64::from(value) << (at % 64);
        }
    }

    /// The first place in `from..end` whose bit is `value`; 64 of them are passed over at a time.
    pub fn next(&self, value: bool, from: usize, end: usize) -> Option<usize> {
        let mut at = from;
        while at < end {
            let word = self.0.get(at / 64).copied().unwrap_or_default();
            let wanted = (if value { word } else { !word }) >> (at % 64);
            if wanted != 0 {
                return Some(at + wanted.trailing_zeros() as usize).filter(|&found| found < end);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    }
}

/// The owners of all seats of a show.
#[derive(Debug)]
pub(super) struct Table {
    cells: Vec<Cell>,
    /// By category; seats alone.
    counts: Vec<Counts>,
    /// By block: how many of its seats nobody owns, so that a search passes over what is sold out.
    free_in_block: Vec<u32>,
    /// By place: whether nobody owns the seat there. An eighth of a byte, for which a search need not look at the cells.
    free: Bits,
}

impl Table {
    /// Nobody owns any seat.
    pub fn new(plan: &Plan) -> Self {
        let mut counts = vec![Counts::default(); plan.categories().len()];
        for seat in plan.order().iter().filter_map(|&number| plan.seat(number)) {
            counts[seat.category.index()].available += 1;
        }
        let free_in_block =
            plan.blocks().iter().map(|block| u32::try_from(block.places.len()).unwrap_or(u32::MAX)).collect();
        let mut free = Bits::new(plan.places_end());
        (0..plan.places_end()).for_each(|place| free.set(place, true));
        Self { cells: vec![Cell::default(); plan.numbers_end()], counts, free_in_block, free }
    }

    /// Who owns a seat; nobody owns what isn't there.
    pub fn owner(&self, seat: SeatNo) -> Owner {
        self.cells.get(seat.index()).copied().unwrap_or_default().into()
    }

    /// Whether nobody owns it.
    pub fn is_free(&self, seat: SeatNo) -> bool {
        self.cells.get(seat.index()).is_some_and(|&cell| cell == Cell::default())
    }

    /// Gives a seat to somebody; who had it before is told. Seats that the plan hasn't have owners too: a journal is older than
    /// the plan it is replayed on. Only a number that no plan can have is passed over.
    pub fn set(&mut self, plan: &Plan, seat: SeatNo, owner: Owner) -> Owner {
        if seat.index() >= self.cells.len() && seat.0 < SEAT_NUMBER_MAX && owner != Owner::Nobody {
            self.cells.resize(seat.index() + 1, Cell::default());
        }
        let Some(cell) = self.cells.get_mut(seat.index()) else {
            return Owner::Nobody;
        };
        let before = Owner::from(std::mem::replace(cell, owner.into()));
        if before.kind() == owner.kind() {
            return before;
        }
        if let Some(category) = plan.seat(seat).map(|seat| seat.category)
            && let Some(counts) = self.counts.get_mut(category.index())
        {
            *counts.of_kind(before) = counts.of_kind(before).saturating_sub(1);
            *counts.of_kind(owner) += 1;
        }
        if let Some(place) = plan.place_of(seat) {
            self.free.set(place, owner == Owner::Nobody);
            let free = &mut self.free_in_block[plan.block_at(place)];
            if owner == Owner::Nobody {
                *free += 1;
            } else if before == Owner::Nobody {
                *free = free.saturating_sub(1);
            }
        }
        before
    }

    /// All seats and their owners, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SeatNo, Owner)> {
        self.cells.iter().zip(0..).map(|(&cell, number)| (SeatNo(number), Owner::from(cell)))
    }

    /// The seats of one owner. Reads the whole table.
    pub fn seats_of(&self, owner: Owner) -> impl Iterator<Item = SeatNo> {
        let wanted = Cell::from(owner);
        self.cells.iter().zip(0..).filter(move |&(&cell, _)| cell == wanted).map(|(_, number)| SeatNo(number))
    }

    /// Every booking has another slot now: by its old one.
    pub fn move_bookings(&mut self, new_slot: &[u32]) {
        for cell in &mut self.cells {
            if let Owner::Booking(slot) = Owner::from(*cell)
                && let Some(&slot) = new_slot.get(slot.index())
            {
                *cell = Owner::Booking(Slot(slot)).into();
            }
        }
    }

    /// How many seats of a block nobody owns.
    pub fn free_in_block(&self, block: usize) -> usize {
        self.free_in_block.get(block).copied().unwrap_or(0) as usize
    }

    /// By place: whether nobody owns the seat there.
    pub fn free(&self) -> &Bits {
        &self.free
    }

    /// The seats of one category, counted.
    pub fn counts(&self, category: CategoryNo) -> Counts {
        self.counts.get(category.index()).copied().unwrap_or_default()
    }

    /// What the table takes in memory.
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
            + self.counts.capacity() * size_of::<Counts>()
            + self.free_in_block.capacity() * size_of::<u32>()
            + self.free.0.capacity() * size_of::<u64>()
    }
}

/// So many records' memory is kept when the last of them goes; a quiet show needs no more.
const KEPT_WHEN_EMPTY: usize = 64;

/// Records by id, each with a small number for as long as it lives.
#[derive(Debug)]
pub(super) struct Slab<I, T> {
    slot_of: HashMap<I, Slot>,
    records: Vec<Option<(I, T)>>,
    vacant: Vec<Slot>,
}

impl<I, T> Default for Slab<I, T> {
    fn default() -> Self {
        Self { slot_of: HashMap::new(), records: Vec::new(), vacant: Vec::new() }
    }
}

impl<I: Copy + Eq + Hash, T> Slab<I, T> {
    /// Puts a record in, in the place of one with the same id.
    pub fn insert(&mut self, id: I, record: T) -> Slot {
        let slot = self.slot_of.get(&id).copied().or_else(|| self.vacant.pop()).unwrap_or_else(|| {
            self.records.push(None);
            Slot(u32::try_from(self.records.len() - 1).unwrap_or(u32::MAX))
        });
        self.slot_of.insert(id, slot);
        self.records[slot.0 as usize] = Some((id, record));
        slot
    }

    pub fn remove(&mut self, id: I) -> Option<T> {
        let slot = self.slot_of.remove(&id)?;
        self.vacant.push(slot);
        let record = self.records[slot.0 as usize].take().map(|(_, record)| record);
        // After a rush nothing of its size is kept.
        if self.slot_of.is_empty() && self.records.len() > KEPT_WHEN_EMPTY {
            *self = Self::default();
        }
        record
    }

    pub fn is_empty(&self) -> bool {
        self.slot_of.is_empty()
    }

    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    pub fn slot(&self, id: I) -> Option<Slot> {
        self.slot_of.get(&id).copied()
    }

    pub fn at(&self, slot: Slot) -> Option<&(I, T)> {
        self.records.get(slot.0 as usize).and_then(Option::as_ref)
    }

    pub fn at_mut(&mut self, slot: Slot) -> Option<&mut T> {
        self.records.get_mut(slot.0 as usize).and_then(Option::as_mut).map(|(_, record)| record)
    }

    pub fn get(&self, id: I) -> Option<&T> {
        self.at(self.slot(id)?).map(|(_, record)| record)
    }

    pub fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.at_mut(self.slot(id)?)
    }

    /// All records, in an order that depends on nothing but what was done.
    pub fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.records.iter().flatten().map(|(id, record)| (*id, record))
    }

    /// What the records themselves take in memory, without what they point to.
    pub fn bytes(&self) -> usize {
        self.slot_of.capacity() * (size_of::<(I, Slot)>() + 1)
            + self.records.capacity() * size_of::<Option<(I, T)>>()
            + self.vacant.capacity() * size_of::<Slot>()
    }
}
