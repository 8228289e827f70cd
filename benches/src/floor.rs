//! The speed floor: work whose instructions are counted, and compared with those of the commit before.
//!
//! `.ci/speed-floor` runs [`run`] under callgrind, which counts only inside of [`speed_floor_measured`], and writes the
//! counts up to each call of [`speed_floor_next`]. Instructions are no measure of time. They are the same on every run, so they show at once
//! that code has become slower, or that it is not inlined any more.

mod growth;
mod packet;
mod session;

pub use growth::rows as growth_rows;

/// One line of the table.
pub struct Row {
    name: String,
    operations: usize,
    work: Box<dyn FnMut()>,
}

impl Row {
    /// Names work, which does so many operations a call.
    fn new(name: impl Into<String>, operations: usize, work: impl FnMut() + 'static) -> Self {
        Self { name: name.into(), operations, work: Box::new(work) }
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Returns the rows of the table, each made when its turn comes.
pub fn rows() -> impl Iterator<Item = Row> {
    packet::ROWS.iter().chain(session::ROWS).map(|row| row())
}

/// Does the work of each row: once to warm up, and once measured. Prints operations and names in that order.
pub fn run(rows: impl Iterator<Item = Row>) {
    for Row { name, operations, mut work } in rows {
        work();
        speed_floor_measured(&mut work);
        speed_floor_next(operations, &name);
    }
}

/// Prints a row that was measured. By its name callgrind writes the counts down.
#[inline(never)]
pub fn speed_floor_next(operations: usize, name: &str) {
    println!("{operations}\t{name}");
}

/// The function by whose name callgrind begins and ends to count.
#[inline(never)]
pub fn speed_floor_measured(work: &mut dyn FnMut()) {
    work();
    // Without it the call above would be a tail call, after which callgrind would count on.
    std::hint::black_box(());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_repeated() {
        for mut row in rows().chain(growth_rows(2)).chain(growth_rows(3)) {
            (row.work)();
            (row.work)();
            assert!(row.operations > 0, "{row:?}");
        }
    }
}
