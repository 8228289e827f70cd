//! Ratios that hold: all variants of a group take turns, and the program is launched several times.
//!
//! A turn takes about half a millisecond; in each round every variant has one, in another order.
//! The figure of a launch is the quiet one, the first decile of the rounds; a ratio is that of two
//! quiet figures of the same launch. The printed figure is the median over the launches, since code
//! and stack lie elsewhere in each.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

/// Work that is measured.
pub type Work = Box<dyn FnMut()>;

/// One way to do the work of a group.
pub struct Variant {
    name: &'static str,
    /// Does the work once; `None` when it cannot be done here.
    work: Option<Work>,
}

/// The ratio that one variant should reach beside another.
struct Goal {
    of: &'static str,
    beside: &'static str,
    at_least: f64,
}

/// Variants that do the same work.
pub struct Group {
    name: String,
    /// How many units, such as packets, the work is.
    units: u32,
    variants: Vec<Variant>,
    goals: Vec<Goal>,
    /// The family whose goals are those of the mean over all its groups.
    family: Option<String>,
}

impl Group {
    /// Creates a group without variants. `units` is how many packets each variant handles a call.
    #[must_use]
    pub fn new(name: impl Into<String>, units: u32) -> Self {
        Self { name: name.into(), units, variants: Vec::new(), goals: Vec::new(), family: None }
    }

    /// Creates the group and one variant more.
    #[must_use]
    pub fn with(mut self, name: &'static str, work: impl FnMut() + 'static) -> Self {
        self.variants.push(Variant { name, work: Some(Box::new(work)) });
        self
    }

    /// Sets the group and one variant more, or a note that it is not available.
    #[must_use]
    pub fn with_maybe(mut self, name: &'static str, work: Option<impl FnMut() + 'static>) -> Self {
        self.variants.push(Variant { name, work: work.map(|work| Box::new(work) as Work) });
        self
    }

    /// Returns the names of the variants.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.variants.iter().map(|variant| variant.name).collect()
    }

    /// Creates the group as one of a family: the same work on other data. The goals are for the
    /// geometric mean over the family.
    #[must_use]
    pub fn of_family(mut self, name: impl Into<String>) -> Self {
        self.family = Some(name.into());
        self
    }

    /// Returns name, units of a call, and the variants, for another way to measure.
    #[must_use]
    pub fn into_parts(self) -> (String, u32, Vec<(&'static str, Option<Work>)>) {
        let variants = self.variants.into_iter().map(|variant| (variant.name, variant.work)).collect();
        (self.name, self.units, variants)
    }

    /// Creates the group, and what `of` should be beside `beside`: at least so many times as fast.
    #[must_use]
    pub fn goal(mut self, of: &'static str, beside: &'static str, at_least: f64) -> Self {
        self.goals.push(Goal { of, beside, at_least });
        self
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variant").field("name", &self.name).finish_non_exhaustive()
    }
}

const TURN: Duration = Duration::from_micros(500);
const ROUNDS: usize = 25;
const LAUNCHES: usize = 9;
/// Set in the launches that measure.
const MARK: &str = "PPTP_BENCHES_LAUNCH";

/// Measures the groups whose name contains one of the program's arguments, or all, and prints ratios.
pub fn main(groups: fn() -> Vec<Group>) {
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut groups = groups();
    groups.retain(|group| filters.is_empty() || filters.iter().any(|filter| group.name.contains(filter)));
    if std::env::var_os(MARK).is_some() {
        for group in &mut groups {
            measure(group);
        }
        return;
    }
    let launches = std::env::var("LAUNCHES").ok().and_then(|text| text.parse().ok()).unwrap_or(LAUNCHES);
    let mut figures: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for _ in 0..launches {
        let output = Command::new(std::env::current_exe().expect("a path"))
            .args(&filters)
            .env(MARK, "1")
            .output()
            .expect("the program launches itself");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            if let [group, variant, nanoseconds] = fields[..] {
                let figure = nanoseconds.parse().expect("a number");
                figures.entry((group.to_owned(), variant.to_owned())).or_default().push(figure);
            }
        }
    }
    println!("{}; median of {launches} launches", machine());
    let mut families: BTreeMap<(String, &str, &str), (f64, Vec<f64>)> = BTreeMap::new();
    for group in &groups {
        for (goal, ratio) in print(group, &figures) {
            if let Some(family) = &group.family {
                let key = (family.clone(), goal.of, goal.beside);
                families.entry(key).or_insert((goal.at_least, Vec::new())).1.push(ratio);
            }
        }
    }
    for ((family, of, beside), (at_least, ratios)) in families {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        let missed = if mean >= at_least { "" } else { "  MISSED" };
        println!("\n{family}: {of} beside {beside}, mean of {}: {mean:.2}, goal {at_least:.2}{missed}", ratios.len());
    }
}

fn measure(group: &mut Group) {
    let units = f64::from(group.units);
    let mut variants: Vec<(&str, &mut Work, u32, Vec<f64>)> = group
        .variants
        .iter_mut()
        .filter_map(|variant| {
            let work = variant.work.as_mut()?;
            let mut calls = 1;
            while time(work, calls) < TURN {
                calls *= 2;
            }
            let calls = (f64::from(calls) * TURN.as_secs_f64() / time(work, calls).as_secs_f64()).ceil();
            Some((variant.name, work, calls.clamp(1.0, 1e9).to_string().parse().expect("a number"), Vec::new()))
        })
        .collect();
    let count = variants.len();
    for round in 0..ROUNDS {
        for turn in 0..count {
            let (_, work, calls, times) = &mut variants[(round + turn) % count];
            times.push(time(work, *calls).as_secs_f64() * 1e9 / f64::from(*calls) / units);
        }
    }
    for (name, _, _, times) in &variants {
        println!("{}\t{name}\t{}", group.name, quantile(times, 0.1));
    }
}

#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn time(work: &mut Work, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        work();
    }
    start.elapsed()
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = ((sorted.len() - 1) as f64 * part).round().to_string();
    sorted[index.parse::<usize>().expect("a number")]
}

/// Prints a group, and gives the ratios of its goals.
fn print<'g>(group: &'g Group, figures: &BTreeMap<(String, String), Vec<f64>>) -> Vec<(&'g Goal, f64)> {
    println!("\n{}", group.name);
    let of = |name: &str| figures.get(&(group.name.clone(), name.to_owned()));
    for variant in &group.variants {
        match of(variant.name) {
            Some(times) => println!("  {:42} {:9.1} ns", variant.name, quantile(times, 0.5)),
            None => println!("  {:42}   skipped: not available on this machine", variant.name),
        }
    }
    let mut reached = Vec::new();
    for goal in &group.goals {
        let (Some(ours), Some(theirs)) = (of(goal.of), of(goal.beside)) else {
            continue;
        };
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours).collect();
        let median = quantile(&ratios, 0.5);
        let (low, high) = (quantile(&ratios, 0.1), quantile(&ratios, 0.9));
        let goal_text = match &group.family {
            Some(_) => String::new(),
            None if median >= goal.at_least => format!(", goal {:.2}", goal.at_least),
            None => format!(", goal {:.2}  MISSED", goal.at_least),
        };
        println!("  {} beside {}: {median:.2} ({low:.2} to {high:.2}){goal_text}", goal.of, goal.beside);
        reached.push((goal, median));
    }
    reached
}

/// Returns the processor, as the system names it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split(": ").nth(1)).unwrap_or("?").to_owned()
    };
    format!("{}, family {} model {}", field("model name"), field("cpu family"), field("model\t"))
}
