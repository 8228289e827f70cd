//! The C programs of `pptp-capi`: built here, for tests that run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Compiles the client of `pptp-capi/examples/c` into a folder, and returns it. Says what is skipped
/// where there is no compiler.
///
/// # Panics
///
/// When the library or the client cannot be built.
#[must_use]
pub fn client(test: &str, folder: &Path) -> Option<PathBuf> {
    let has_compiler = Command::new("gcc").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has_compiler {
        crate::say!("SKIPPED: {test}: no program `gcc`");
        return None;
    }
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("pptp-capi");
    let program = folder.join("client");
    let mut command = Command::new("gcc");
    command.args(["-std=c11", "-g", "-Wall", "-Wextra", "-Werror"]);
    command.arg("-I").arg(crate_folder.join("include")).arg(crate_folder.join("examples/c/client.c"));
    command.arg("-o").arg(&program).arg(library(&crate_folder)).args(["-lpthread", "-ldl", "-lm"]);
    let status = command.status().unwrap();
    assert!(status.success(), "the client cannot be compiled: {status}");
    Some(program)
}

/// Builds the static library.
fn library(folder: &Path) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The profile of the tests, in which its dependencies are built already.
    command.args(["build", "--quiet", "--profile", "test", "--lib", "--message-format", "json"]);
    let output = command.current_dir(folder).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the library cannot be built: {}", output.status);
    let messages = String::from_utf8_lossy(&output.stdout);
    let files = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "pptp_capi").then(|| message["filenames"].clone())
    });
    let files: Vec<PathBuf> = files
        .flat_map(|files| files.as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .collect();
    files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "a")).expect("a library")
}
