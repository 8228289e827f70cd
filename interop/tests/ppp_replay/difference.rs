//! Where our decisions are not the recorded ones.

use crate::words::Decision;

/// Decisions of the recorded side and of ours, one of each or one alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    pub recorded: Vec<String>,
    pub ours: Vec<String>,
}

/// Returns the places where two lists differ, and how many entries are in both, in order.
pub fn compare(recorded: &[Decision], ours: &[Decision]) -> (Vec<Difference>, usize) {
    // The longest common subsequence of what is left, from each pair of places on.
    let mut lengths = vec![vec![0_usize; ours.len() + 1]; recorded.len() + 1];
    for i in (0..recorded.len()).rev() {
        for j in (0..ours.len()).rev() {
            lengths[i][j] = if recorded[i].words == ours[j].words {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut same) = (0, 0, 0);
    let mut differences = Vec::new();
    let mut current = Difference::default();
    while i < recorded.len() || j < ours.len() {
        let pair = recorded.get(i).zip(ours.get(j));
        if let Some((theirs, own)) = pair.filter(|(theirs, own)| theirs.words == own.words) {
            split(std::mem::take(&mut current), &mut differences);
            if theirs.header == own.header {
                same += 1;
            } else {
                let whole = |decision: &Decision| vec![format!("{} {}", decision.header, decision.words)];
                differences.push(Difference { recorded: whole(theirs), ours: whole(own) });
            }
            (i, j) = (i + 1, j + 1);
        } else if j == ours.len() || (i < recorded.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            current.recorded.push(recorded[i].words.clone());
            i += 1;
        } else {
            current.ours.push(ours[j].words.clone());
            j += 1;
        }
    }
    split(current, &mut differences);
    (differences, same)
}

/// Joins each decision with that of the other side on the same matter, if there is one.
fn split(whole: Difference, differences: &mut Vec<Difference>) {
    let mut ours: Vec<Option<String>> = whole.ours.into_iter().map(Some).collect();
    for recorded in whole.recorded {
        let twin = ours.iter_mut().find(|ours| ours.as_deref().is_some_and(|ours| matter(ours) == matter(&recorded)));
        let twin = twin.and_then(Option::take);
        differences.push(Difference { recorded: vec![recorded], ours: twin.into_iter().collect() });
    }
    let alone = ours.into_iter().flatten();
    differences.extend(alone.map(|ours| Difference { recorded: Vec::new(), ours: vec![ours] }));
}

/// Returns protocol and code; all answers to one request are the same matter.
fn matter(words: &str) -> String {
    let first = words.split([':', '"']).next().unwrap_or_default();
    first.replace("CONFACK", "answer").replace("CONFNAK", "answer").replace("CONFREJ", "answer")
}
