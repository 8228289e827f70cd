//! States that have no type: several fields assigned at once, and groups of flags.

/// Finds the lines of a file that assign a tuple to several fields, or excuse a struct of many booleans.
#[must_use]
pub fn faults(text: &str) -> Vec<(usize, &str)> {
    let mut found: Vec<_> = text.lines().enumerate().filter(|(_, line)| is_excuse(line)).map(|(at, _)| at).collect();
    // Comments may show one. Their places stay, so that lines can be counted.
    let code: Vec<_> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    found.extend(tuple_assignments(&code.join("\n")));
    found.sort_unstable();
    found.into_iter().map(|at| (at + 1, text.lines().nth(at).unwrap_or_default().trim())).collect()
}

/// Returns the lines in which a statement of the form `(a.b, c.d) = …` begins, however it is broken into lines.
fn tuple_assignments(code: &str) -> Vec<usize> {
    let ends = code.match_indices(") =").filter(|(at, _)| !code[at + 3..].starts_with(['=', '>']));
    let begins = ends.filter_map(|(end, _)| {
        let mut depth = 0;
        let begin = code[..=end].rfind(|c| {
            depth += i32::from(c == ')') - i32::from(c == '(');
            depth == 0
        })?;
        let before = code[..begin].trim_end();
        let is_statement = before.is_empty() || before.ends_with([';', '{', '}', '|']);
        let places = code[begin + 1..end].split(',').map(str::trim).filter(|place| !place.is_empty());
        (is_statement && places.filter(|place| place.contains('.')).count() > 1).then_some(begin)
    });
    begins.map(|begin| code[..begin].matches('\n').count()).collect()
}

fn is_excuse(line: &str) -> bool {
    line.contains("struct_excessive_bools")
}
