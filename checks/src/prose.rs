//! Prose of the repository: comments, documentation and pages, as sentences with their lines.

/// A word of a sentence, and the line on which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Line in the file, from one.
    pub line: usize,
    /// The word with its punctuation; a code span is one word.
    pub text: String,
}

/// Words up to a full stop.
pub type Sentence = Vec<Word>;

/// A line of a code block in a page or in documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    /// Line in the file, from one.
    pub line: usize,
    /// Columns that the code takes.
    pub columns: usize,
}

/// Text of one file, read as prose.
#[derive(Debug, Default)]
pub struct Prose {
    /// Sentences in order.
    pub sentences: Vec<Sentence>,
    /// Lines of code blocks.
    pub code: Vec<CodeLine>,
}

impl Prose {
    /// Reads a Markdown page.
    #[must_use]
    pub fn of_page(text: &str) -> Self {
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            reader.line(index + 1, line, true);
        }
        reader.finish()
    }

    /// Reads the comments and the documentation of a Rust file.
    #[must_use]
    pub fn of_source(text: &str) -> Self {
        let mut reader = Reader::default();
        let mut before = "";
        for (index, line) in text.lines().enumerate() {
            let (marker, rest) = comment(line.trim_start());
            if marker != before {
                reader.end_block();
            }
            before = marker;
            if !marker.is_empty() {
                reader.line(index + 1, rest, marker != "//");
            }
        }
        reader.finish()
    }
}

/// Splits a line of source into its comment marker and the text behind it.
#[must_use]
pub fn comment(line: &str) -> (&str, &str) {
    for marker in ["////", "///", "//!", "//"] {
        if let Some(rest) = line.strip_prefix(marker) {
            return (line.get(..marker.len()).unwrap_or_default(), rest.strip_prefix(' ').unwrap_or(rest));
        }
    }
    ("", line)
}

#[derive(Default)]
struct Reader {
    prose: Prose,
    words: Vec<Word>,
    is_code: bool,
    is_blank: bool,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str, is_markdown: bool) {
        let trimmed = text.trim_start();
        if is_markdown && trimmed.starts_with("```") {
            self.end_paragraph();
            self.is_code = !self.is_code;
            return;
        }
        // Four columns in, after an empty line, is code, unless it goes on with a list.
        let is_indented = is_markdown && text.starts_with("    ") && (self.is_blank || self.words.is_empty());
        if self.is_code || is_indented && !is_item(trimmed) {
            // rustdoc hides such lines.
            if !trimmed.starts_with("# ") {
                self.prose.code.push(CodeLine { line, columns: text.chars().count() });
            }
            return;
        }
        self.is_blank = trimmed.is_empty();
        if trimmed.starts_with('|') {
            self.end_paragraph();
            for cell in cells(trimmed) {
                self.words(line, &cell);
                self.end_cell();
            }
            return;
        }
        if trimmed.is_empty() || trimmed.starts_with('#') || is_item(trimmed) || is_definition(trimmed) {
            self.end_paragraph();
        }
        if !is_definition(trimmed) {
            self.words(line, trimmed);
        }
        if trimmed.starts_with('#') {
            self.end_paragraph();
        }
    }

    fn words(&mut self, line: usize, text: &str) {
        let mut is_span = false;
        let joined: String = without_targets(text)
            .chars()
            .map(|c| {
                is_span ^= c == '`';
                if is_span && c == ' ' { '_' } else { c }
            })
            .collect();
        let words = joined.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric) || *word == "`");
        self.words.extend(words.map(|word| Word { line, text: word.to_owned() }));
    }

    fn end_paragraph(&mut self) {
        self.end(is_end);
    }

    /// A cell of a table is a list: of facts between colons and semicolons, or of names between commas.
    fn end_cell(&mut self) {
        self.end(|word, next| {
            let is_name = next.is_some_and(|next| next.starts_with('`'));
            is_end(word, next) || word.ends_with([':', ';']) || is_name && word.ends_with(',')
        });
    }

    fn end(&mut self, is_end: impl Fn(&str, Option<&str>) -> bool) {
        let words = std::mem::take(&mut self.words);
        let mut sentence = Sentence::new();
        for (index, word) in words.iter().enumerate() {
            sentence.push(word.clone());
            if is_end(&word.text, words.get(index + 1).map(|next| next.text.as_str())) {
                self.prose.sentences.push(std::mem::take(&mut sentence));
            }
        }
        if !sentence.is_empty() {
            self.prose.sentences.push(sentence);
        }
    }

    fn end_block(&mut self) {
        self.end_paragraph();
        self.is_code = false;
        self.is_blank = false;
    }

    fn finish(mut self) -> Prose {
        self.end_paragraph();
        self.prose
    }
}

/// Returns whether a line begins an item of a list.
fn is_item(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("* ") || line.starts_with("- ") || number.len() < line.len() && number.starts_with(". ")
}

/// Returns whether a line gives the target of a link, such as `[name]: target`.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

/// Splits a row of a table at the bars outside of code spans.
fn cells(row: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut is_span = false;
    for c in row.chars() {
        is_span ^= c == '`';
        match found.last_mut() {
            Some(cell) if c != '|' || is_span => cell.push(c),
            _ => found.push(String::new()),
        }
    }
    found
}

/// Removes the targets of inline links: `[text](target)` becomes `[text]`.
fn without_targets(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("](") {
        found.push_str(before);
        found.push(']');
        rest = behind.split_once(')').map_or("", |(_, behind)| behind);
    }
    found + rest
}

/// Returns whether a word ends a sentence, given the next word.
fn is_end(word: &str, next: Option<&str>) -> bool {
    const ABBREVIATIONS: [&str; 6] = ["e.g.", "i.e.", "etc.", "vs.", "cf.", "no."];
    let bare = word.trim_end_matches([')', '"', '\'', '*', '_', '”', ']']);
    let is_stop = bare.ends_with(['.', '?', '!']) && !ABBREVIATIONS.contains(&bare.to_lowercase().as_str());
    let is_start = next.is_none_or(|next| {
        let first = next.trim_start_matches(['(', '"', '*', '_', '“', '[']).chars().next();
        first.is_none_or(|c| c.is_uppercase() || c.is_ascii_digit() || c == '`')
    });
    is_stop && is_start
}
