//! The rules of CONTRIBUTING.md for English, as far as a program can check them.

use std::fmt;

use crate::prose::{Prose, Sentence, Word, comment};
use crate::reasons::is_function;

/// Most words of a sentence.
pub const MAX_WORDS: usize = 30;

/// Most columns of a line of code in documentation: what docs.rs shows at 1300 pixels.
pub const MAX_COLUMNS: usize = 96;

/// A rule of style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// "byte", never "octet".
    Byte,
    /// No sentence has more than [`MAX_WORDS`] words.
    Sentence,
    /// No clause begins with a "who" or "what" that has no noun, and no name of a test.
    Headless,
    /// No phrase of [`PHRASES`].
    Phrase,
    /// No line of code in documentation has more than [`MAX_COLUMNS`] columns.
    Columns,
    /// The summary of a function begins with a verb in the third person.
    Summary,
}

impl Rule {
    /// All rules, in order.
    pub const ALL: [Self; 6] = [Self::Byte, Self::Sentence, Self::Headless, Self::Phrase, Self::Columns, Self::Summary];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Byte => "byte",
            Self::Sentence => "sentence",
            Self::Headless => "headless",
            Self::Phrase => "phrase",
            Self::Columns => "columns",
            Self::Summary => "summary",
        })
    }
}

/// A place where a rule does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line in the file, from one.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
    /// The text.
    pub text: String,
}

/// All that was found in a file.
#[derive(Debug, Default)]
pub struct Findings {
    /// Places where a rule does not hold.
    pub faults: Vec<Fault>,
    /// Functions with documentation.
    pub functions: usize,
}

/// Phrases that have a plainer form, which is named with each.
pub const PHRASES: [(&str, &str); 10] = [
    ("tells", "reports, says, returns"),
    ("told", "reported, said"),
    ("anew", "again"),
    ("for ever", "without end, forever"),
    ("all the same", "nevertheless"),
    ("whoever", "anyone who, a sender that"),
    ("there is none", "is missing"),
    ("it is none", "name the thing"),
    ("is all right", "is expected"),
    ("what there is", "name the thing"),
];

/// Words before which "who" or "what" has no noun to belong to.
const NO_NOUN: [&str; 16] =
    ["and", "or", "but", "for", "by", "to", "from", "of", "with", "that", "if", "as", "than", "in", "on", "then"];

/// Attributes of RFC 2866 with "octet" in their names.
const FOREIGN_NAMES: [&str; 4] = ["Acct-Input-Octets", "Acct-Output-Octets", "ACCT_INPUT_OCTETS", "ACCT_OUTPUT_OCTETS"];

/// Words that end in "s" and are no verbs.
const NO_VERBS: [&str; 24] = [
    "this", "its", "as", "bytes", "octets", "keys", "bits", "always", "less", "these", "those", "lines", "words",
    "names", "numbers", "packets", "frames", "options", "messages", "hashes", "digits", "across", "plus", "is",
];

/// Checks a Markdown page.
#[must_use]
pub fn page(text: &str) -> Findings {
    let mut findings = Findings::default();
    findings.faults.extend(bytes(text));
    findings.read(&Prose::of_page(text));
    findings.faults.sort();
    findings
}

/// Checks a Rust file.
#[must_use]
pub fn source(text: &str) -> Findings {
    let mut findings = Findings::default();
    findings.faults.extend(bytes(text));
    findings.read(&Prose::of_source(text));
    findings.summaries(text);
    findings.faults.sort();
    findings
}

impl Findings {
    fn read(&mut self, prose: &Prose) {
        for sentence in &prose.sentences {
            let Some(first) = sentence.first() else { continue };
            let text = || sentence.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            let mut push = |line, rule| self.faults.push(Fault { line, rule, text: text() });
            if sentence.len() > MAX_WORDS {
                push(first.line, Rule::Sentence);
            }
            if let Some(word) = headless(sentence) {
                push(word.line, Rule::Headless);
            }
            if let Some(word) = phrase(sentence) {
                push(word.line, Rule::Phrase);
            }
        }
        for code in prose.code.iter().filter(|code| code.columns > MAX_COLUMNS) {
            let text = format!("{} columns", code.columns);
            self.faults.push(Fault { line: code.line, rule: Rule::Columns, text });
        }
    }

    /// Checks the first word of the documentation of each function that is no test, and that of the name of each test.
    fn summaries(&mut self, text: &str) {
        let mut summary: Option<(usize, &str)> = None;
        let mut is_test = false;
        let mut is_attribute = false;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(doc) = line.strip_prefix("///") {
                summary = summary.or(Some((index + 1, doc.trim())));
            } else if line.starts_with("#[") || is_attribute {
                is_test |= line.contains("test]");
                is_attribute = !line.ends_with(']');
            } else {
                if is_test && is_riddle(line) {
                    self.faults.push(Fault { line: index + 1, rule: Rule::Headless, text: line.to_owned() });
                }
                if let (Some((line, doc)), true, false) = (summary, is_function(line), is_test) {
                    self.functions += 1;
                    if !is_verb(doc) {
                        self.faults.push(Fault { line, rule: Rule::Summary, text: doc.to_owned() });
                    }
                }
                summary = None;
                is_test = false;
            }
        }
    }
}

/// Returns whether a function's name begins with a "who" or "what" that has no noun.
fn is_riddle(line: &str) -> bool {
    let name = line.split_once("fn ").map_or("", |(_, name)| name);
    let first = name.split('_').next().unwrap_or_default();
    ["who", "whom", "whose", "whoever", "what", "whatever"].contains(&first)
}

/// Returns whether a summary begins with a verb in the third person.
fn is_verb(summary: &str) -> bool {
    let first = summary.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches([',', ':', '.']);
    let is_plain = first.chars().all(|c| c.is_alphabetic() || c == '-');
    is_plain && first.ends_with('s') && !NO_VERBS.contains(&first.to_lowercase().as_str())
}

/// Finds "octet" outside of quotations and of names that others gave.
fn bytes(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // A quotation of an RFC stands in double quotes or behind `>`.
        let is_quoted = comment(line.trim_start()).1.trim_start().starts_with('>');
        // Addresses of std have a method of that name.
        let text = line.replace("\\\"", "").replace(".octets()", "");
        let outside: String = text.split('"').step_by(2).collect();
        let is_fault = |word: &str| word.to_lowercase().contains("octet") && !FOREIGN_NAMES.contains(&word);
        let mut words = outside.split(|c: char| !c.is_alphanumeric() && !['-', '_'].contains(&c));
        if !is_quoted && words.any(is_fault) {
            faults.push(Fault { line: index + 1, rule: Rule::Byte, text: line.trim().to_owned() });
        }
    }
    faults
}

/// Finds a "who" or "what" that has no noun and asks nothing.
fn headless(sentence: &Sentence) -> Option<&Word> {
    // A question, or the head of a column.
    if sentence.len() < 3 || sentence.last().is_some_and(|last| last.text.contains('?')) {
        return None;
    }
    let plain = |word: &Word| word.text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let first = sentence.first().filter(|first| ["who", "what", "whose", "whom"].contains(&plain(first).as_str()));
    let later = || {
        let pairs = sentence.windows(2);
        pairs.filter_map(|pair| <&[Word; 2]>::try_from(pair).ok()).find_map(|[before, word]| {
            let is_who = ["who", "whom"].contains(&plain(word).as_str());
            (is_who && NO_NOUN.contains(&plain(before).as_str())).then_some(word)
        })
    };
    first.or_else(later)
}

/// Finds a phrase that has a plainer form.
fn phrase(sentence: &Sentence) -> Option<&Word> {
    let plain: Vec<_> =
        sentence.iter().map(|word| word.text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect();
    PHRASES.iter().find_map(|(phrase, _)| {
        let words: Vec<_> = phrase.split(' ').collect();
        let found = plain.windows(words.len()).position(|window| window == words.as_slice())?;
        sentence.get(found)
    })
}
