//! Counts of comparisons, printed as a table.

use std::collections::BTreeMap;

/// How many records of each kind agreed, and which did not.
#[derive(Debug, Default)]
pub struct Tally {
    agreed: BTreeMap<String, u64>,
    differences: Vec<String>,
}

impl Tally {
    /// Counts a record, whose fields differ as `differences` say.
    pub fn record(&mut self, kind: &str, place: &str, differences: &[String]) {
        if differences.is_empty() {
            *self.agreed.entry(kind.to_owned()).or_default() += 1;
        }
        self.differences.extend(differences.iter().map(|difference| format!("{place}: {kind}: {difference}")));
    }

    /// Returns how many records of a kind agreed.
    #[must_use]
    pub fn agreed(&self, kind: &str) -> u64 {
        self.agreed.get(kind).copied().unwrap_or(0)
    }

    /// Returns how many records agreed in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.agreed.values().sum()
    }

    /// Prints the counts, and every difference with the reason that `explain` has for it.
    ///
    /// # Panics
    ///
    /// When a difference has no reason.
    pub fn finish(&self, title: &str, explain: impl Fn(&str) -> Option<&'static str>) {
        let (mut unexplained, mut explained) = (0, 0);
        let kinds: Vec<_> = self.agreed.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        crate::say!("{title}: {} records agree: {}", self.total(), kinds.join(", "));
        for difference in &self.differences {
            let shown: String = difference.chars().take(300).collect();
            if let Some(reason) = explain(difference) {
                explained += 1;
                crate::say!("  {shown}\n    because {reason}");
            } else {
                unexplained += 1;
                crate::say!("  {shown}\n    WITHOUT A REASON");
            }
        }
        crate::say!("{title}: differences: {explained} with a reason, {unexplained} without");
        assert_eq!(unexplained, 0, "{title}: differences without a reason, listed above");
    }
}
