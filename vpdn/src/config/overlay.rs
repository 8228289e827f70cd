//! Arguments as a configuration: each sets a key.

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ConfigError};

/// Keys and their values, which are put over those of a file.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    keys: Vec<(String, Table)>,
}

impl Overlay {
    /// Changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Sets a key to a value: the keys from the outside in.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        let mut value = value.into();
        for key in path.iter().skip(1).rev() {
            value = Value::Table(Table::from_iter([((*key).to_owned(), value)]));
        }
        if let Some(first) = path.first() {
            self.keys.push((path.join("."), Table::from_iter([((*first).to_owned(), value)])));
        }
    }

    /// Sets what `KEY=VALUE` says, in TOML: `virtual-template.1.mtu=1400`. A value that is no TOML is a text.
    ///
    /// # Errors
    ///
    /// There is no `=`, or the key is none.
    pub fn set_text(&mut self, text: &str) -> Result<(), ConfigError> {
        let (key, value) =
            text.split_once('=').ok_or_else(|| ConfigError::of_argument(text, "a key, `=` and a value are wanted"))?;
        let parse = |text: &str| toml::from_str::<Table>(text);
        let table = parse(text).or_else(|_| {
            // In TOML's own quotes, which take all but the end of a line.
            let quoted = value.trim().replace('\\', "\\\\").replace('"', "\\\"");
            parse(&format!("{key} = \"{quoted}\""))
        });
        let table = table.map_err(|error| ConfigError::of_argument(key, error.message()))?;
        self.keys.push((key.trim().to_owned(), table));
        Ok(())
    }

    /// Puts the keys over those of a text that can be read.
    pub(super) fn apply(&self, text: &str) -> Result<Config, ConfigError> {
        let mut all: Table = toml::from_str(text).map_err(|error| ConfigError::of_toml(text, &error))?;
        for (key, table) in &self.keys {
            merge(&mut all, table);
            // One by one, to say which argument is wrong.
            Config::deserialize(all.clone()).map_err(|error| ConfigError::of_argument(key, error.message()))?;
        }
        Config::deserialize(all).map_err(|error| ConfigError::of_argument("arguments", error.message()))
    }
}

fn merge(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            _ => drop(under.insert(key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_goes_over_the_file() {
        let file = "hostname = \"a\"\n[virtual-template.1]\nmtu = 1400\nmru = 1300\n";
        let mut overlay = Overlay::new();
        overlay.set(&["virtual-template", "1", "mtu"], 1200);
        overlay.set_text("hostname=lns \"one\"").unwrap();
        overlay.set_text("limits.connections = 7").unwrap();
        let config = overlay.apply(file).unwrap();
        let template = &config.virtual_template["1"];
        assert_eq!((template.mtu, template.mru), (Some(1200), Some(1300)));
        assert_eq!((config.hostname(), config.limits.connections), ("lns \"one\"", 7));
    }

    #[test]
    fn a_wrong_argument_is_named() {
        let mut overlay = Overlay::new();
        overlay.set_text("hostname=a").unwrap();
        overlay.set_text("virtual-template.1.mtu=many").unwrap();
        let error = overlay.apply("").unwrap_err().to_string();
        assert!(error.starts_with("virtual-template.1.mtu: invalid type: string \"many\""), "{error}");
        assert!(overlay.set_text("no value").is_err());
        assert!(overlay.set_text("a b = 1").is_err());
    }
}
