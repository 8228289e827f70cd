//! States that have no type: several fields of `self` assigned at once, and groups of flags.

/// Finds the lines of a file that assign a tuple to fields of `self`, or excuse a struct of many booleans.
#[must_use]
pub fn faults(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//") && (is_tuple_assignment(line) || is_excuse(line))).collect()
}

fn is_tuple_assignment(line: &str) -> bool {
    let Some((left, right)) = line.split_once(") = ") else { return false };
    left.starts_with("(self.") && left.contains(',') && !right.is_empty()
}

fn is_excuse(line: &str) -> bool {
    line.contains("struct_excessive_bools")
}
